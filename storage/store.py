"""A store, open: create, get, search and count over one directory."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

import lmdb
from lmdb import Transaction

from index import signature, term_log
from storage import people
from storage.committer import Deliver, Outcome
from storage.environment import Environment, open_environment
from storage.errors import Busy, Unavailable
from storage.records import Record
from storage.signer import Signer
from storage.strategies.shape import Options
from storage.strategies.table import Strategy

Token = TypeVar("Token")
MAP_SIZE = 64 << 30
"""Bytes of address space, and the most a store can grow to; the file is only as large as what is in it."""
QUEUE_LIMIT = 4096
# Looking into a signature takes as long as scanning so many bytes: about 4 µs.
_SIGNATURE_COST = 100_000


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
    ) -> None:
        """Opens the store in `directory`, which `storage.environment.create` made; raises Unusable."""
        self._environment: Environment = open_environment(directory, map_size)
        self._deliver = deliver
        self._writer = strategy.open_writer(self._environment, Options(queue_limit, self._committed, broken))
        self._signer = Signer(self._environment, self._writer.transact)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def create(self, record: Record, token: Token) -> None:
        """Takes a record to be written as the strategy does; raises Busy or Unavailable."""
        self._writer.submit(record, token)

    def get(self, key: bytes) -> bytes | None:
        """The document of the person with this id."""
        with self._snapshot() as snapshot:
            return people.get(self._environment, snapshot, key)

    def count(self) -> int:
        """How many people there are."""
        with self._snapshot() as snapshot:
            return people.count(self._environment, snapshot)

    def search(self, needle: bytes, limit: int, deadline: float = math.inf) -> list[bytes]:
        """Documents of the first `limit` people whose text contains `needle`, oldest first.

        Raises Busy past `deadline`, by the monotonic clock.
        """
        with self._buffered_snapshot() as snapshot:
            try:
                return people.search(self._environment, snapshot, needle, limit, deadline)
            except TimeoutError:
                raise Busy("this search took too long") from None

    def text_size(self, needle: bytes) -> int:
        """About how many bytes a search that finds nobody has to read."""
        with self._snapshot() as snapshot:
            pages = snapshot.stat(self._environment.terms)
            signed = snapshot.stat(self._environment.signatures)["entries"]
            count = people.count(self._environment, snapshot)
        whole = (pages["leaf_pages"] + pages["overflow_pages"]) * pages["psize"]
        if not signed or len(needle) < signature.GRAM:
            return whole
        return whole * (count - term_log.sealed(count)) // count + signed * _SIGNATURE_COST

    def close(self) -> None:
        """Finishes what was taken, then closes; reads must have ended."""
        self._signer.close()
        self._writer.close()
        self._environment.lmdb.close()

    def _committed(self, outcomes: Sequence[tuple[Token, Outcome]]) -> None:
        """On the writer's thread."""
        self._deliver(outcomes)
        self._signer.committed()

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


def _unreadable() -> Unavailable:
    """After a meta page could not be written LMDB refuses reads too, until the process is replaced."""
    return Unavailable("the store can't be read at the moment")
