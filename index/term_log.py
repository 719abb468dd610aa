"""The log of segments in an LMDB database: append and merge in a write transaction, walk in any.

A segment's key is the number of its first entry, 8 bytes big-endian. Entries are numbered without a gap,
so the key of the next segment also says how many entries one holds.

Small segments merge into larger ones where the numbering crosses a multiple of a tier. So an entry is
rewritten once a tier, a walk meets few segments, and no state beyond the keys is kept.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

from lmdb import Cursor, Transaction, _Database

from index import segment
from index.segment import Entry, Segment

# Each divides the next. Between two sealed segments lie at most 15 + 7 + 7 + 15 smaller ones.
TIERS = (16, 128, 1024, 16384)
# No commit ever waits for a merge larger than this, in bytes; some 20,000 people of the tournament.
SEALED = 4 << 20

T = TypeVar("T")
_Stored = tuple[bytes, bytes]
"""A segment under its key."""


class Slice(NamedTuple):
    """Neighbouring entries of one segment."""

    part: Segment
    begin: int
    """The position of the first."""
    end: int
    """The position behind the last."""


class Walk:
    """Opens segments by the numbers of their entries; they live as long as the transaction."""

    def __init__(
        self, transaction: "Transaction[memoryview] | Transaction[bytes]", database: _Database
    ) -> None:
        self._cursor = transaction.cursor(database)
        # The segment opened last, and the numbers of its first entry and of the one behind its last.
        self._part: Segment | None = None
        self._first = self._end = 0

    def last(self) -> int:
        """The number of the last entry; 0 if there is none."""
        return self._end - 1 if self._cursor.last() and self._open() else 0

    def slices(self, first: int, end: int) -> Iterator[Slice]:
        """The entries from the number `first` to before `end`, as far as there are any."""
        while first < end:
            if not self._first <= first < self._end:
                # py-lmdb touches every page of a value that it returns, but none of one that it passes.
                behind = self._cursor.set_range(key_of(first + 1))
                if not (self._cursor.prev() if behind else self._cursor.last()) or first >= self._open():
                    return
            assert self._part is not None
            stop = min(end, self._end)
            yield Slice(self._part, first - self._first, stop - self._first)
            first = stop

    def _open(self) -> int:
        key, stored = self._cursor.item()
        self._part = segment.read(memoryview(stored))
        self._first = int.from_bytes(key, "big")
        self._end = self._first + len(self._part.offsets)
        return self._end


def append(transaction: Transaction, database: _Database, first: int, entries: Sequence[Entry]) -> None:
    """Adds `entries`, numbered from `first` on without a gap, and merges what has become mergeable.

    `first` is one more than the number of the last entry, 1 in an empty log.
    """
    cursor = transaction.cursor(database)
    fresh = list(_build(first, entries))
    start = merge_start(first, first + len(entries) - 1)
    older = [] if start is None else _newest(cursor, start)
    for run in within_limit(older + fresh, [len(stored) for _, stored in older + fresh]):
        known = [key for key, _ in run if key < key_of(first)]
        if len(run) == len(known) == 1:
            continue  # it stays as it is
        for key in known[1:]:
            cursor.set_key(key)
            cursor.delete()
        cursor.put(run[0][0], _merge(run))


def merge_start(first: int, last: int) -> int | None:
    """From which number on segments merge as the entries `first` to `last` come: None for none.

    The largest tier with a multiple among them decides; what came since its multiple before is merged.
    """
    for tier in reversed(TIERS):
        if last // tier * tier >= first:
            return (first - 1) // tier * tier + 1
    return None


def sealed(last: int) -> int:
    """Entries up to this number are in segments that never change again, once there is an entry `last`.

    A merge starts behind the multiple of its tier before the new entries; the largest tier's multiples are
    every tier's.
    """
    return last // TIERS[-1] * TIERS[-1]


def within_limit(items: Sequence[T], sizes: Sequence[int]) -> Iterator[Sequence[T]]:
    """Cuts `items` into runs of neighbours of at most SEALED bytes together; one item is never cut."""
    begin = length = 0
    for position, size in enumerate(sizes):
        length += size
        if length > SEALED and position > begin:
            yield items[begin:position]
            begin, length = position, size
    if items:
        yield items[begin:]


def key_of(number: int) -> bytes:
    """The key of the segment whose first entry has this number."""
    return number.to_bytes(8, "big")


def numbers(transaction: Transaction, database: _Database) -> Iterator[int]:
    """Walks the numbers under which segments are kept, and touches none of their pages."""
    for key in transaction.cursor(database).iternext(keys=True, values=False):
        yield int.from_bytes(key, "big")


def _build(first: int, entries: Sequence[Entry]) -> Iterator[_Stored]:
    for run in within_limit(entries, [segment.entry_size(entry) for entry in entries]):
        yield key_of(first), segment.build(run)
        first += len(run)


def _newest(cursor: Cursor, start: int) -> list[_Stored]:
    """The stored segments that begin at `start` or later, but only the newest, up to the sealed size.

    Copies: what follows writes to their pages. The others stay as they are.
    """
    found: list[_Stored] = []
    length = 0
    if cursor.last():
        for key, stored in cursor.iterprev():
            if bytes(key) < key_of(start) or length + len(stored) > SEALED:
                break
            found.append((bytes(key), bytes(stored)))
            length += len(stored)
    return found[::-1]


def _merge(run: Sequence[_Stored]) -> bytes:
    if len(run) == 1:
        return run[0][1]
    return segment.merge([segment.read(memoryview(stored)) for _, stored in run])
