"""Tables that are computed from spans of entries and kept beside them in parts, in a database of their own.

    key   := number of the span's first entry u64 | level u8 | part u16         all big-endian
    value := content | CRC-32C of it u32 little-endian

Level 1 is for a span of one tier, the largest; level 0 for a group of such spans, whose table replaces
theirs. Part 0 is the header: it is written last, so parts without one are those of a table that is not
finished.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import google_crc32c
from lmdb import Transaction, _Database

from index import term_log
from index.term_log import key_of

GROUP = 16
"""Tiers a group: 262,144 entries."""
HEADER = 0
"""The number of the header's part."""
# With its checksum and what LMDB adds such a part fills two pages, and a look into it touches no other.
PART = 7936
"""Bytes of content that a part should have at most, if it is one of many."""
PREFIX = 9
"""Bytes of a key that all parts of a table share."""
_CRC = 4

Parts = Callable[[int], memoryview]
"""Gives a stored part of a table by its number."""


class Span(NamedTuple):
    """A run of entries that can't change any more and has a table."""

    first: int
    entries: int
    level: int

    @property
    def end(self) -> int:
        """The number behind its last entry."""
        return self.first + self.entries

    @property
    def prefix(self) -> bytes:
        """What the keys of its table begin with."""
        return key_of(self.first) + bytes([self.level])

    def key(self, part: int) -> bytes:
        """The key of a part of its table."""
        return self.prefix + part.to_bytes(2, "big")

    def tiers(self) -> "Iterator[Span]":
        """The spans that a group consists of; a tier itself."""
        tier = term_log.TIERS[-1]
        return (Span(first, tier, 1) for first in range(self.first, self.end, tier))


def spans(sealed: int) -> Iterator[Span]:
    """The spans of the entries up to the number `sealed`, whole tiers: the groups, then the tiers left."""
    tier = term_log.TIERS[-1]
    group = GROUP * tier
    grouped = sealed // group * group
    for first in range(1, grouped, group):
        yield Span(first, group, 0)
    yield from Span(grouped + 1, sealed - grouped, 1).tiers()


def span_of(prefix: bytes) -> Span | None:
    """The span whose table's keys begin like this; None if there can be none."""
    first, level = int.from_bytes(prefix[:-1], "big"), prefix[-1]
    entries = {0: GROUP, 1: 1}.get(level, 0) * term_log.TIERS[-1]
    return Span(first, entries, level) if entries and first % entries == 1 % entries else None


def seal(content: bytes) -> bytes:
    """The value of a part."""
    return content + int(google_crc32c.value(content)).to_bytes(_CRC, "little")


def is_whole(stored: bytes) -> bool:
    """Whether a stored part is what was written."""
    return seal(stored[:-_CRC]) == stored


def parts(transaction: "Transaction[memoryview]", database: _Database, span: Span) -> Parts:
    """Gives stored parts of a span's table, unchecked; an empty one for what is not there."""
    prefix, get, nothing = span.prefix, transaction.get, memoryview(b"")

    def part(number: int) -> memoryview:
        return get(prefix + number.to_bytes(2, "big"), nothing, db=database)

    return part


def cover(
    transaction: "Transaction[memoryview]", database: _Database | None, first: int, last: int
) -> Iterator[tuple[Span, Parts | None]]:
    """All entries in order, in spans with and without a table; not spans that end before `first`."""
    sealed = 0
    if database is not None:
        sealed = term_log.sealed(last)
        for span in spans(sealed):
            if span.end > first:
                found = parts(transaction, database, span)
                if found(HEADER):
                    yield span, found
                else:
                    yield from _parted(transaction, database, span)
    yield Span(sealed + 1, last - sealed, 0), None


def content(stored: memoryview) -> memoryview:
    """The content of a stored part."""
    return stored[:-_CRC]


def remove_replaced(transaction: "Transaction[bytes]", database: _Database, span: Span) -> None:
    """Deletes whatever else is kept of the entries of `span`."""
    cursor = transaction.cursor(database)
    found = cursor.set_range(key_of(span.first))
    while found and (key := bytes(cursor.key())) < key_of(span.end):
        if key.startswith(span.prefix):
            found = cursor.set_range(key_of(span.first) + bytes([span.level + 1]))
        else:
            cursor.delete()
            found = bool(cursor.key())


def _parted(
    transaction: "Transaction[memoryview]", database: _Database, group: Span
) -> Iterator[tuple[Span, Parts | None]]:
    """The tiers of a group that has no table itself."""
    for span in group.tiers():
        found = parts(transaction, database, span)
        yield span, found if found(HEADER) else None
