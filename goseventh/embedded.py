"""The place that needs nothing else: an LMDB store in a directory."""

from collections.abc import Callable
from pathlib import Path

from goseventh.directory import hold, opened
from goseventh.settings import Settings
from goseventh.store import EmbeddedStore
from goseventh.watch import Watch
from storage import people


class Embedded:
    """The directory of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.name = str(settings.data_dir)
        self.strategy = settings.strategy.within(settings.write_behind_window)

    def prepare(self) -> int:
        """See the function."""
        settings = self._settings
        return prepare(settings.data_dir, settings.map_size, settings.emulate_flush_ms)

    async def open(self, broken: Callable[[], None], watch: Watch) -> EmbeddedStore:
        """Opens the store."""
        settings = self._settings
        return EmbeddedStore(
            settings.data_dir,
            settings.strategy,
            map_size=settings.map_size,
            queue_limit=settings.max_queue,
            search_timeout=settings.search_timeout,
            window=settings.write_behind_window,
            flush_delay=settings.emulate_flush_ms,
            broken=broken,
            watch=watch,
        )


def prepare(directory: Path, map_size: int, flush_delay: float = 0.0) -> int:
    """Makes what is missing and takes the lock that workers inherit; how many people are there.

    Raises Unusable; what was there before stays as it was.
    """
    hold(directory)
    # Closed again before the fork: an open environment must not be carried across one.
    with opened(directory, map_size, flush_delay) as environment, environment.lmdb.begin() as snapshot:
        return people.count(environment, snapshot)
