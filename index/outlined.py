"""All entries of a log with their outlines: stored ones, and until there are, some that are made here."""

from collections.abc import Iterator, Sequence
from time import monotonic

from lmdb import Transaction, _Database

from index import outline, segment, tables
from index.fuzzy import Source
from index.kept import Kept
from index.outline import Outlines
from index.segment import Entry, Segment
from index.tables import Table
from index.term_log import Slice, Walk


class Outlined:
    """What a process has made of entries whose outlines are not stored yet; of one log, for all its searches.

    Any thread may search; two at once may do the same work twice.
    """

    def __init__(self) -> None:
        # By the number of their first entry and how many there are: what those say never changes.
        self._made: dict[tuple[int, int], Outlines] = {}

    def sources(
        self,
        transaction: "Transaction[memoryview]",
        terms: _Database,
        outlines: _Database | None,
        deadline: float,
        kept: Kept | None = None,
    ) -> Iterator[Source]:
        """Every entry, in order. Raises TimeoutError past `deadline`, but keeps what was made until then."""
        kept = kept or Kept()
        walk, finder = Walk(transaction, terms, kept.segments), Walk(transaction, terms, kept.segments)
        last = walk.last()
        finder.last()

        def find(number: int) -> tuple[Segment, int]:
            found = next(finder.slices(number, number + 1))
            return found.part, number - found.begin

        unused = set(self._made)
        for span, table in tables.cover(transaction, outlines, 1, last, kept.outlines):
            if table is not None:
                yield Source(span.first, _stored(table), find)
                continue
            first = span.first
            for found in walk.slices(first, span.end):
                if monotonic() > deadline:
                    raise TimeoutError
                name = (first, found.end - found.begin)
                unused.discard(name)
                if name not in self._made:
                    self._made[name] = _made(found)
                yield Source(first, self._made[name], find)
                first += found.end - found.begin
        for name in unused:
            self._made.pop(name, None)


def source(first: int, entries: Sequence[Entry]) -> Source:
    """Entries that are in no log yet, numbered from `first`; at least one."""
    part = segment.read(memoryview(segment.build(entries)))
    return Source(first, _made(Slice(part, 0, len(entries))), lambda _: (part, first))


def _stored(table: Table) -> Outlines:
    return Outlines(table.header, lambda number: tables.content(table.parts(number)))


def _made(found: Slice) -> Outlines:
    return outline.open_built(outline.build([found], found.end - found.begin))
