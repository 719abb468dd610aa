"""The log of segments in an LMDB database: append and merge in a write transaction, walk in any.

A segment's key is the number of its first entry, 8 bytes big-endian. Entries are numbered without a gap,
so the key of the next segment also says how many entries one holds.

Small segments merge into larger ones where the numbering crosses a multiple of a tier. So an entry is
rewritten once a tier, a walk meets few segments, and no state beyond the keys is kept.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence, Sized
from operator import attrgetter
from typing import NamedTuple, TypeVar

from lmdb import Cursor, Transaction, _Database

from index import segment
from index.segment import Entry, Segment

# Each divides the next. Between two sealed segments lie at most 15 + 7 + 7 + 15 smaller ones.
TIERS = (16, 128, 1024, 16384)
# No commit ever waits for a merge larger than this, in bytes; some 20,000 people of the tournament.
SEALED = 4 << 20
# More than there are between two sealed ones, unless texts are long.
_MOST_RECENT = 64

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


class _Opened(NamedTuple):
    """A segment, opened."""

    first: int
    """The number of its first entry."""
    end: int
    """The number behind its last one."""
    part: Segment


class Segments:
    """Those of one log, opened once for all walks of a process.

    py-lmdb touches every page of a value that it returns: of a sealed segment some 700, which takes 50 µs,
    or reads them all from the disk. LMDB moves no value that has pages of its own and is not written again:
    these views outlive the transaction that they came from, and last as long as the environment is open and
    any snapshot has the segment. Any thread may use it.
    """

    def __init__(self) -> None:
        # By the largest tier: those that have its entries, in their order. They never change again.
        self.tiers: dict[int, Sequence[_Opened]] = {}
        # By the numbers of the first entry and behind the last. Segments are joined, never split: a snapshot
        # that has one of these entries has this one, though others have it merged.
        self.recent: dict[tuple[int, int], _Opened] = {}


class Walk:
    """Opens segments by the numbers of their entries; for as long as the transaction lives."""

    def __init__(
        self,
        transaction: "Transaction[memoryview] | Transaction[bytes]",
        database: _Database,
        kept: Segments | None = None,
    ) -> None:
        """With `kept`, which is for this log alone, the transaction has buffers and only reads."""
        self._transaction, self._database = transaction, database
        self._cursor = transaction.cursor(database)
        self._kept = kept
        # Up to which number segments are taken from it: none until the last one is known.
        self._unchanging = 0
        self._last = 0
        # The one opened last.
        self._opened: _Opened | None = None
        self.touched = 0
        """Bytes of sealed segments that were not kept as such, and may have come from the disk."""

    def last(self) -> int:
        """The number of the last entry; 0 if there is none."""
        if not self._cursor.last():
            return 0
        self._opened = _open(*self._cursor.item())
        self._last = self._opened.end - 1
        if self._kept is not None:
            self._unchanging = sealed(self._last)
        return self._last

    def slices(self, first: int, end: int) -> Iterator[Slice]:
        """The entries from the number `first` to before `end`, as far as there are any."""
        return self.slices_of([(first, end)])

    def slices_of(self, ranges: Iterable[tuple[int, int]]) -> Iterator[Slice]:
        """The same for each of many such pairs."""
        opened = self._opened
        for first, end in ranges:
            while first < end:
                if opened is None or not opened.first <= first < opened.end:
                    opened = self._opened = self._find(first)
                    if opened is None:
                        return
                stop = min(end, opened.end)
                yield Slice(opened.part, first - opened.first, stop - opened.first)
                first = stop

    def _find(self, number: int) -> _Opened | None:
        """The segment that has the entry of this number."""
        if self._kept is None or number > self._unchanging:
            return self._seek(number)
        tier = (number - 1) // TIERS[-1]
        known = self._kept.tiers.get(tier)
        if known is None:
            known = self._kept.tiers[tier] = self._open_tier(tier)
        at = bisect_right(known, number, key=attrgetter("first")) - 1
        return known[at] if at >= 0 and number < known[at].end else None

    def _open_tier(self, tier: int) -> Sequence[_Opened]:
        opened = []
        number, end = tier * TIERS[-1] + 1, (tier + 1) * TIERS[-1]
        while number <= end and (found := self._seek(number)):
            opened.append(found)
            self.touched += len(found.part.texts)
            number = found.end
        return opened

    def _seek(self, number: int) -> _Opened | None:
        # No page is touched of a value that the cursor only passes.
        behind = self._cursor.set_range(key_of(number + 1))
        end = _number(self._cursor.key()) if behind else self._last + 1
        if not (self._cursor.prev() if behind else self._cursor.last()):
            return None
        opened = self._at_cursor(end)
        return opened if number < opened.end else None

    def _at_cursor(self, end: int) -> _Opened:
        """The segment there, which has the entries to before `end` if the last one is known."""
        if self._kept is None:
            return _open(*self._cursor.item())
        recent, first = self._kept.recent, _number(self._cursor.key())
        opened = recent.get((first, end))
        if opened is None:
            opened = _open(*self._cursor.item())
            if not stays(self._transaction, self._database, opened.part.texts):
                # Its page is shared with what changes. Between long texts such a small one never merges.
                opened = opened._replace(part=segment.read(memoryview(bytes(self._cursor.value()))))
            if len(recent) >= _MOST_RECENT:
                recent.clear()
            recent[opened.first, opened.end] = opened
        return opened


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


def stays(transaction: Transaction, database: _Database, value: Sized) -> bool:
    """Whether a value has pages of its own; a smaller one may share its page with others, and move."""
    return len(value) >= transaction.stat(database)["psize"]


def key_of(number: int) -> bytes:
    """The key of the segment whose first entry has this number."""
    return number.to_bytes(8, "big")


def numbers(transaction: Transaction, database: _Database) -> Iterator[int]:
    """Walks the numbers under which segments are kept, and touches none of their pages."""
    for key in transaction.cursor(database).iternext(keys=True, values=False):
        yield _number(key)


def _open(key: bytes | memoryview, stored: bytes | memoryview) -> _Opened:
    part, first = segment.read(memoryview(stored)), _number(key)
    return _Opened(first, first + len(part.offsets), part)


def _number(key: bytes | memoryview) -> int:
    return int.from_bytes(key, "big")


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
