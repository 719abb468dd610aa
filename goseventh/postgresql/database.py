"""The place of those who outgrow one machine: a PostgreSQL database, whatever runs on it."""

import logging
from collections.abc import Callable
from typing import Any

from goseventh.postgresql import durability
from goseventh.postgresql.command import Command, described, opened
from goseventh.postgresql.migrate import migrate
from goseventh.postgresql.store import COUNT, PostgresStore, Writing
from goseventh.settings import Settings
from goseventh.watch import Watch
from storage.errors import Unusable
from storage.strategies.table import Strategy

STRATEGIES = {"group-commit": Writing(group_limit=1024, lanes=1), "per-request": Writing(1, lanes=8)}
"""Those that exist here: with a commit that does not wait even a crash of PostgreSQL loses people."""

_log = logging.getLogger("goseventh")


class Database:
    """The database of the settings."""

    def __init__(self, settings: Settings, url: str) -> None:
        self._settings = settings
        self._url = url
        self.name = described(url)
        self.strategy = settings.strategy

    def prepare(self) -> int:
        """Migrates, and sees whether what a 201 says would be true. Returns how many people are there."""
        with opened(self._url) as command:
            unsafe = make_ready(command, allow_unsafe=self._settings.allow_unsafe_database)
            found = command.run(_count)
        if unsafe:
            self.strategy = _without_promise(self.strategy, unsafe)
            _log.warning("%s may lose what it answers: %s", self.name, ", ".join(unsafe))
        return found

    async def open(self, broken: Callable[[], None], watch: Watch) -> PostgresStore:
        """The store of this worker; it never breaks, for what is lost is connected again."""
        return PostgresStore(
            self._url,
            STRATEGIES[self.strategy.name],
            queue_limit=self._settings.max_queue,
            search_timeout=self._settings.search_timeout,
            unsafe=self._settings.allow_unsafe_database,
            watch=watch,
        )


def make_ready(command: Command, *, allow_unsafe: bool) -> list[str]:
    """Migrates the database if what is then answered for it is true.

    Returns the settings with which it may lose people, as `name=value`, if such are allowed. Raises Unusable.
    """
    encoding = command.run(_encoding)
    if encoding != "UTF8":
        raise Unusable(f"{command.name} can't hold every text: its encoding is {encoding}, not UTF8")
    unsafe = command.run(durability.unsafe)
    if unsafe and not allow_unsafe:
        raise Unusable(
            f"{command.name} would lose what it answers: {', '.join(unsafe)}; set it otherwise, or say "
            "--allow-unsafe-database"
        )
    command.run(migrate)
    return unsafe


def bring_up_to_date(url: str) -> int:
    """Migrates the database at `url`; returns its version. Raises Unusable."""
    with opened(url) as command:
        return command.run(migrate)


async def _encoding(session: Any) -> str:
    return str(await session.fetchval("SHOW server_encoding"))


async def _count(session: Any) -> int:
    return int(await session.fetchval(COUNT))


def _without_promise(strategy: Strategy, unsafe: list[str]) -> Strategy:
    return strategy._replace(
        created_means=f"the database has it, with {', '.join(unsafe)} (UNSAFE)",
        kill_loses="nothing while the database lives",
        power_cut_loses="what the database had not flushed, or all of it",
    )
