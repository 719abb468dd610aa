"""The store as the endpoints see it, and the embedded one: `storage` on the event loop."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Protocol

import storage.store
from goseventh import figures
from goseventh.figures import Figures
from goseventh.watch import Watch
from index.substring import OverBudgetError
from storage.errors import StoreError
from storage.people import Created, Taken
from storage.records import Record
from storage.strategies.shape import Outcome
from storage.strategies.table import Strategy

# Up to here a search is shorter than handing it to a thread; about 25 GB/s makes this some 0.2 ms. What turns
# out to be longer begins again there.
INLINE_SEARCH = 4 << 20


class Store(Protocol):
    """Four operations. What they raise is a StoreError, and says whether a retry makes sense."""

    async def create(self, record: Record) -> Created | Taken:
        """Creates a person as the write strategy promises."""

    async def get(self, key: bytes) -> bytes | None:
        """The document of the person with this id."""

    async def search(self, needle: bytes, limit: int, after: bytes | None = None) -> list[bytes]:
        """Documents of the first `limit` people whose text contains `needle`, oldest first.

        Only of those who came after the person with the id `after`; raises Unknown if nobody has it.
        """

    async def resembling(self, term: str, limit: int) -> list[bytes]:
        """Documents of the `limit` people who resemble `term` most, the best first; of equals the oldest."""

    async def count(self) -> int:
        """How many people there are."""

    async def figures(self) -> Figures:
        """What it is like, about as quickly as a count."""

    async def trouble(self) -> StoreError | None:
        """Why whoever is created now would be refused; None as far as nobody would."""

    def waiting(self) -> int:
        """How many creations wait in this process."""

    async def close(self) -> None:
        """Ends what is under way; whoever still waits was refused before, and is not written after all."""


class EmbeddedStore:
    """The LMDB store of this worker; opened on its loop, after the fork."""

    def __init__(
        self,
        directory: Path,
        strategy: Strategy,
        *,
        map_size: int,
        queue_limit: int,
        search_timeout: float,
        window: float,
        flush_delay: float,
        broken: Callable[[], None],
        watch: Watch,
    ) -> None:
        """Opens it. `broken` is called on the loop when this worker can't write any more; `watch` is told
        of groups, commits and searches."""
        self._loop = asyncio.get_running_loop()
        self._search_timeout = search_timeout
        self._watch = watch

        def tell_broken() -> None:
            self._loop.call_soon_threadsafe(broken)

        self._store: storage.store.Store[asyncio.Future[Outcome]] = storage.store.Store(
            directory,
            strategy,
            self._deliver,
            broken=tell_broken,
            map_size=map_size,
            queue_limit=queue_limit,
            window=window,
            flush_delay=flush_delay,
            observer=watch,
        )
        # One thread: searches are bound by memory, and more of them would only take turns at the GIL.
        self._searcher = ThreadPoolExecutor(1, "searcher")

    async def create(self, record: Record) -> Created | Taken:
        settled: asyncio.Future[Outcome] = self._loop.create_future()
        self._store.create(record, settled)
        outcome = await settled
        if isinstance(outcome, StoreError):
            raise outcome
        return outcome

    async def get(self, key: bytes) -> bytes | None:
        return self._store.get(key)

    async def search(self, needle: bytes, limit: int, after: bytes | None = None) -> list[bytes]:
        began = monotonic()
        search = partial(
            self._store.search, needle, limit, after=after, deadline=began + self._search_timeout
        )
        try:
            try:
                return search(budget=INLINE_SEARCH)
            except OverBudgetError:
                return await self._loop.run_in_executor(self._searcher, search)
        finally:
            self._watch.searched("exact", monotonic() - began)

    async def resembling(self, term: str, limit: int) -> list[bytes]:
        began = monotonic()
        deadline = began + self._search_timeout
        try:
            return await self._loop.run_in_executor(
                self._searcher, self._store.resembling, term, limit, deadline
            )
        finally:
            self._watch.searched("fuzzy", monotonic() - began)

    async def count(self) -> int:
        return self._store.count()

    async def figures(self) -> Figures:
        return figures.embedded(self._store.facts())

    async def trouble(self) -> StoreError | None:
        return self._store.trouble()

    def waiting(self) -> int:
        return self._store.waiting()

    async def close(self) -> None:
        # A search that runs ends at its deadline.
        self._searcher.shutdown(wait=False, cancel_futures=True)
        await self._loop.run_in_executor(None, self._close)

    def _close(self) -> None:
        self._searcher.shutdown()
        self._store.close(finish=False)

    def _deliver(self, outcomes: Sequence[tuple[asyncio.Future[Outcome], Outcome]]) -> None:
        """On the commit thread: one hop to the loop a group, not one a person."""
        self._loop.call_soon_threadsafe(_settle, outcomes)


def _settle(outcomes: Sequence[tuple[asyncio.Future[Outcome], Outcome]]) -> None:
    for settled, outcome in outcomes:
        # Done already means cancelled: the client hung up, which undoes nothing.
        if not settled.done():
            settled.set_result(outcome)
