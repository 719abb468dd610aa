"""Choosing where people are kept. Nothing of PostgreSQL is imported unless it is chosen."""

from importlib.util import find_spec

from goseventh.place import Place
from goseventh.settings import SettingError, Settings


def choose(settings: Settings) -> Place:
    """The place that the settings name; raises SettingError for what can't be had there."""
    if settings.store is None:
        from goseventh.embedded import Embedded

        return Embedded(settings)
    need_driver()
    from goseventh.postgresql.database import STRATEGIES, Database

    if settings.strategy.name not in STRATEGIES:
        raise SettingError(
            f"--strategy {settings.strategy.name} is not for PostgreSQL, where it would keep no promise: "
            f"use {' or '.join(STRATEGIES)}"
        )
    return Database(settings, settings.store)


def need_driver() -> None:
    """Raises SettingError where PostgreSQL's driver is not installed."""
    if find_spec("asyncpg") is None:
        raise SettingError("--store postgresql://… needs its driver: pip install 'goseventh[postgresql]'")
