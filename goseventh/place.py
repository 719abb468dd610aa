"""Where people are kept: what a start makes of it, and how each worker opens it."""

from collections.abc import Callable
from typing import Protocol

from goseventh.store import Store
from goseventh.watch import Watch
from storage.strategies.table import Strategy


class Place(Protocol):
    """Made ready once by the main process, before it forks; opened by each worker after that."""

    name: str
    """Which one it is; shows nothing secret."""
    strategy: Strategy
    """The write strategy, with what it promises here."""

    def prepare(self) -> int:
        """Makes it ready. Returns how many people are there; raises Unusable."""

    async def open(self, broken: Callable[[], None], watch: Watch) -> Store:
        """Opens it on this loop. `broken` is called on it when this worker can't write any more; `watch` is
        told of groups, commits and searches."""
