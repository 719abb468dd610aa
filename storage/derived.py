"""What is computed from sealed people and kept beside them, and whether it is what it should be.

A search is right with or without it: it costs, or saves, time alone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from index import outline, signature, tables
from index.tables import Span
from index.term_log import Slice


class Kind(NamedTuple):
    """A kind of table."""

    name: str
    """What one is called, in the singular; the database is its plural."""
    build: Callable[[Iterable[Slice], int], Sequence[bytes]]
    """Makes the contents of its parts, the header first, from so many texts, which it may walk repeatedly."""

    @property
    def database(self) -> str:
        """The name of its database, and of the attribute of `Environment` that holds that."""
        return f"{self.name}s"


KINDS = (Kind("signature", signature.build), Kind("outline", outline.build))
"""All of them. The order is that in which they are built."""


def faults(
    kind: Kind,
    stored: Iterable[tuple[memoryview, memoryview]],
    sealed: int,
    texts: Callable[[Span], Sequence[Slice] | None],
) -> Iterator[str]:
    """One line for each table that is not that of its span; `stored` is the whole database.

    `texts` gives the entries of a span; None where they can't be read. A table that is missing, not
    finished, or of an earlier version is none.
    """
    for prefix, parts in groupby(stored, lambda item: bytes(item[0][: tables.PREFIX])):
        if len(prefix) < tables.PREFIX:
            continue  # an earlier version's
        found = {bytes(key): bytes(value) for key, value in parts}
        span = tables.span_of(prefix)
        place = f"{kind.name} {int.from_bytes(prefix[:8], 'big')}"
        if span is None:
            yield f"{place}: no span begins there"
        elif span.end - 1 > sealed:
            yield f"{place}: its entries may still change"
        elif not all(map(tables.is_whole, found.values())):
            yield f"{place}: checksum differs"
        elif span.key(tables.HEADER) in found and (entries := texts(span)) is not None:
            built = kind.build(entries, span.entries)
            if found != {span.key(number): tables.seal(content) for number, content in enumerate(built)}:
                yield f"{place}: it is not that of its entries"
