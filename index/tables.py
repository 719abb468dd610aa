"""Tables that are computed from spans of entries and kept beside them in parts, in a database of their own.

    key   := number of the span's first entry u64 | level u8 | part u16         all big-endian
    value := content | CRC-32C of it u32 little-endian

Level 1 is for a span of one tier, the largest; level 0 for a group of such spans, whose table replaces
theirs. Part 0 is the header: it is written last, so parts without one are those of a table that is not
finished.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
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
# Of so many logs, or moments of one, the spans are made once.
_SPANS_KEPT = 8

Parts = Callable[[int], memoryview]
"""Gives a stored part of a table by its number; raises TableError if it is missing."""


class TableError(ValueError):
    """A part is missing of a table that has its header."""


class Table(NamedTuple):
    """A table as it is stored, for one transaction."""

    header: bytes
    """The content of that part."""
    parts: Parts
    views: Mapping[int, memoryview]
    """Parts that are open already, by their numbers: who asks for many looks here first, in half the time."""


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


def spans(sealed: int) -> tuple[Span, ...]:
    """The spans of the entries up to the number `sealed`, whole tiers: the groups, then the tiers left."""
    return _spans(sealed, term_log.TIERS[-1], GROUP)


def span_of(prefix: bytes) -> Span | None:
    """The span whose table's keys begin like this; None if there can be none."""
    first, level = int.from_bytes(prefix[:-1], "big"), prefix[-1]
    entries = {0: GROUP, 1: 1}.get(level, 0) * term_log.TIERS[-1]
    return Span(first, entries, level) if entries and first % entries == 1 % entries else None


class Opened(NamedTuple):
    """What is kept of a table."""

    since: int
    """The transaction in which it was found."""
    prefix: bytes
    """What its keys begin with."""
    header: bytes
    views: dict[int, memoryview]
    """Parts that were asked for, by their numbers."""


Kept = dict[Span, Opened]
"""Tables of one database that a process has opened.

A part with pages of its own stays where it is until it is removed (see `term_log.Segments`). A tier's is when
its group's table comes: who finds none of the group may use what is kept of the tier.
"""


def seal(content: bytes) -> bytes:
    """The value of a part."""
    return content + int(google_crc32c.value(content)).to_bytes(_CRC, "little")


def is_whole(part: bytes) -> bool:
    """Whether a stored part is what was written."""
    return seal(part[:-_CRC]) == part


def cover(
    transaction: "Transaction[memoryview]",
    database: _Database | None,
    first: int,
    last: int,
    kept: Kept | None = None,
) -> Iterator[tuple[Span, Table | None]]:
    """All entries in order, in spans with and without a table; not spans that end before `first`.

    `kept` is for this database alone. Any number of threads may use it at once.
    """
    sealed = 0
    kept = {} if kept is None else kept
    if database is not None:
        sealed, now = term_log.sealed(last), transaction.id()
        for span in spans(sealed):
            if span.end <= first:
                continue
            found = _stored(transaction, now, database, span, kept)
            if found or span.level:
                yield span, found
            else:
                yield from ((tier, _stored(transaction, now, database, tier, kept)) for tier in span.tiers())
    yield Span(sealed + 1, last - sealed, 0), None


def content(part: memoryview) -> memoryview:
    """The content of a stored part."""
    return part[:-_CRC]


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


@lru_cache(_SPANS_KEPT)
def _spans(sealed: int, tier: int, tiers: int) -> tuple[Span, ...]:
    group = tiers * tier
    grouped = sealed // group * group
    groups = (Span(first, group, 0) for first in range(1, grouped, group))
    return *groups, *Span(grouped + 1, sealed - grouped, 1).tiers()


def _stored(
    transaction: "Transaction[memoryview]", now: int, database: _Database, span: Span, kept: Kept
) -> Table | None:
    """The table of a span in the transaction with the id `now`; None if there is none, or not all of it."""
    opened = kept.get(span)
    # Another thread's may be newer.
    if opened is None or opened.since > now:
        header = transaction.get(span.key(HEADER), db=database)
        if header is None:
            return None
        opened = kept[span] = Opened(now, span.prefix, bytes(content(header)), {})
        for tier in span.tiers() if not span.level else ():
            kept.pop(tier, None)
    return Table(opened.header, partial(_part, transaction, database, opened), opened.views)


def _part(
    transaction: "Transaction[memoryview]",
    database: _Database,
    opened: Opened,
    number: int,
) -> memoryview:
    view = opened.views.get(number)
    if view is None:
        view = transaction.get(opened.prefix + number.to_bytes(2, "big"), db=database)
        if view is None:
            raise TableError(f"part {number} is missing of the table {opened.prefix.hex()}")
        if term_log.stays(transaction, database, view):
            opened.views[number] = view
    return view
