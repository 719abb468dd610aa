"""A store, open: create, get, search and count over one directory."""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

import lmdb
from lmdb import Transaction

from index.kept import Kept
from index.outlined import Outlined
from storage import facts, people
from storage.environment import Environment, open_environment
from storage.errors import Busy, StoreError, Unavailable, Unknown
from storage.facts import Facts
from storage.observer import NOBODY, Observer
from storage.records import Person, Record
from storage.recovery import refuse_waiting
from storage.signer import Signer
from storage.strategies.shape import Deliver, Options
from storage.strategies.table import WINDOW_SECONDS, Strategy

Token = TypeVar("Token")
MAP_SIZE = 64 << 30
"""Bytes of address space, and the most a store can grow to; the file is only as large as what is in it."""
QUEUE_LIMIT = 4096


class Store(Generic[Token]):
    """Reads answer at once, on any thread; what is created is answered through `deliver`.

    Nothing here waits for a lock or a flush, except `close`.
    """

    def __init__(
        self,
        directory: Path,
        strategy: Strategy,
        deliver: Deliver[Token],
        *,
        broken: Callable[[], None] = lambda: None,
        map_size: int = MAP_SIZE,
        queue_limit: int = QUEUE_LIMIT,
        window: float = WINDOW_SECONDS,
        flush_delay: float = 0.0,
        observer: Observer = NOBODY,
    ) -> None:
        """Opens the store in `directory`, which `storage.layout.create` made; raises Unusable.

        Whoever holds the directory's lock calls `storage.recovery.recover` first: people whom a killed
        `write-behind` left in its log would be missing, so that other strategies refuse to open then.
        `broken` is called once, on any thread, when this process can't write any more and must be replaced.
        `observer` is told of every group and commit.
        """
        self._environment: Environment = open_environment(directory, map_size, flush_delay, broken)
        self._environment.observer = observer
        options = Options(directory, queue_limit, deliver, window, observer)
        self._queue_limit = queue_limit
        try:
            if not strategy.reads_log:
                refuse_waiting(directory, self._environment.lmdb)
            self._writer = strategy.open_writer(self._environment, options)
        except BaseException:
            self._environment.close()
            raise
        self._outlined, self._kept = Outlined(), Kept()
        self._signer = Signer(self._environment, self._writer.transact)
        self._environment.committed = self._signer.committed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def create(self, record: Record, token: Token) -> None:
        """Takes a record to be written as the strategy does; raises Busy, Full or Unavailable.

        ValueError is for a nickname that no key can be: empty, or longer than 511 bytes.
        """
        if not 0 < len(record.nickname) <= self._environment.lmdb.max_key_size():
            raise ValueError(f"a nickname of {len(record.nickname)} bytes can't be a key")
        self._writer.submit(record, token)

    def get(self, key: bytes) -> bytes | None:
        """The document of the person with this id."""
        document = self._writer.get(key)
        if document is not None:
            return document
        with self._snapshot() as snapshot:
            return people.get(self._environment, snapshot, key)

    def count(self) -> int:
        """How many people there are."""
        recent = self._writer.recent()
        with self._snapshot() as snapshot:
            newest = recent.people(self._environment, snapshot)
            return people.count(self._environment, snapshot) + len(newest)

    def search(
        self,
        needle: bytes,
        limit: int,
        *,
        after: bytes | None = None,
        deadline: float = math.inf,
        budget: float = math.inf,
    ) -> list[bytes]:
        """Documents of the first `limit` people whose text contains `needle`, oldest first.

        Only of those who came after the person with the id `after`; Unknown if nobody has it. Who waits in
        this process's memory and has no number yet came after all who have one. Raises Busy past `deadline`,
        by the monotonic clock, and OverBudgetError if it would take longer than to read `budget` bytes.
        """
        recent = self._writer.recent()
        with self._buffered_snapshot() as snapshot:
            newest = recent.people(self._environment, snapshot)
            number = 0
            if after is not None:
                durable = people.sequence(self._environment, snapshot, after)
                if durable is None:  # then all who are durable came before
                    return _matching(_beyond(newest, after), needle, limit)
                number = durable
            try:
                found = people.search(
                    self._environment,
                    snapshot,
                    needle,
                    limit,
                    after=number,
                    kept=self._kept,
                    deadline=deadline,
                    budget=budget,
                )
            except TimeoutError:
                raise Busy("this search took too long") from None
            self._environment.observer.looked_into(self._kept.blocks, self._kept.skipped)
            return [*found, *_matching(newest, needle, limit - len(found))]

    def resembling(self, term: str, limit: int, deadline: float = math.inf) -> list[bytes]:
        """Documents of the `limit` people who resemble `term` most, the best first; of equals the oldest.

        See `index.fuzzy`. Raises Busy past `deadline`, by the monotonic clock.
        """
        recent = self._writer.recent()
        with self._buffered_snapshot() as snapshot:
            newest = recent.people(self._environment, snapshot)
            try:
                return people.resembling(
                    self._environment,
                    snapshot,
                    term,
                    limit,
                    outlined=self._outlined,
                    kept=self._kept,
                    recent=newest,
                    deadline=deadline,
                )
            except TimeoutError:
                raise Busy("this search took too long") from None

    def facts(self) -> Facts:
        """What the store is like at the moment; as quick as a count."""
        recent = self._writer.recent()
        with self._snapshot() as snapshot:
            waiting = len(recent.people(self._environment, snapshot))
            return facts.of(self._environment.lmdb, self._environment.databases, snapshot, waiting)

    def signed(self) -> bool:
        """Whether everyone sealed is in the tables, so that searches are as fast as they get."""
        return self._signer.done()

    def waiting(self) -> int:
        """How many wait to be written by this process. For any thread, as the next one is."""
        return self._writer.waiting()

    def trouble(self) -> StoreError | None:
        """Why whoever is created now would be refused; None as far as nobody would."""
        found = self._writer.refusal() or self._environment.full
        if found is None and self.waiting() >= self._queue_limit:
            return Busy("too many creations are waiting")
        return found

    def close(self, *, finish: bool = True) -> None:
        """Finishes what was taken, then closes; reads must have ended.

        Without `finish`, who was not answered and whose turn has not come is refused as Unavailable.
        """
        if not finish:
            self._writer.abandon()
        self._signer.close()
        self._writer.close()
        self._environment.close()

    def _snapshot(self) -> "Transaction[bytes]":
        try:
            return self._environment.lmdb.begin()
        except lmdb.Error as error:
            raise _unreadable() from error

    def _buffered_snapshot(self) -> "Transaction[memoryview]":
        """One whose values are views of the memory map itself; they end with it."""
        try:
            return self._environment.lmdb.begin(buffers=True)
        except lmdb.Error as error:
            raise _unreadable() from error


def _beyond(newest: Sequence[Person], key: bytes) -> Sequence[Person]:
    """Those who came after the one with the id `key`; raises Unknown if it is nobody's here."""
    for place, person in enumerate(newest, 1):
        if person.id == key:
            return newest[place:]
    raise Unknown("nobody has this id")


def _matching(newest: Iterable[Person], needle: bytes, limit: int) -> list[bytes]:
    """Documents of the first `limit` whose text contains `needle`."""
    matching = (person.document for person in newest if needle in person.text)
    return list(islice(matching, limit))


def _unreadable() -> Unavailable:
    """After a meta page could not be written LMDB refuses reads too, until the process is replaced."""
    return Unavailable("the store can't be read at the moment")
