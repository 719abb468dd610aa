"""The exact search: which entries contain the needle, the oldest first."""

import math
from bisect import bisect_right
from collections.abc import Iterator
from time import monotonic

import stringzilla
from lmdb import Transaction, _Database

from index import signature, tables
from index.segment import Segment
from index.tables import Span
from index.term_log import Walk

# What a run of blocks costs beside its scan, and a look into a signature, in bytes scanned meanwhile: some
# 1.5 and 10 µs.
_RUN_COST = 32 << 10
_SIGNATURE_COST = 256 << 10


class OverBudgetError(Exception):
    """The search would take longer than it may."""


def search(
    transaction: "Transaction[memoryview]",
    terms: _Database,
    needle: bytes,
    limit: int,
    *,
    first: int = 1,
    signatures: _Database | None = None,
    deadline: float = math.inf,
    budget: float = math.inf,
) -> list[bytes]:
    """Keys of the first `limit` entries whose text contains `needle`, in the order they were appended.

    Scans the memory map itself: `transaction` must be one with buffers, and lives until the answer is there.
    Begins with the entry of the number `first`. `signatures` holds those of some spans of `terms`; without
    one a span is scanned. Raises TimeoutError past `deadline`, by the monotonic clock, and OverBudgetError
    rather than take much longer than to scan `budget` bytes.
    """
    found: list[bytes] = []
    walk = Walk(transaction, terms)
    asked = signature.wanted(needle)
    for span, parts in tables.cover(transaction, signatures, first, walk.last()):
        runs = iter([(span.first, span.end)])
        if parts is not None:
            budget -= _SIGNATURE_COST
            opened = signature.read(tables.content(parts(tables.HEADER)))
            if blocks := signature.candidates(opened, asked, parts):
                blocks = close_gaps(blocks, _RUN_COST * opened.blocks // opened.length)
            runs = _runs(blocks, span, opened.block)
        for begin, end in runs:
            for part, at, stop in walk.slices(max(begin, first), end):
                budget -= _RUN_COST + part.stop(stop) - part.offsets[at]
                if budget < 0:
                    raise OverBudgetError
                if monotonic() > deadline:
                    raise TimeoutError
                scan(part, needle, limit, found, begin=at, end=stop)
                if len(found) >= limit:
                    return found
    return found


def scan(
    part: Segment, needle: bytes, limit: int, found: list[bytes], *, begin: int = 0, end: int | None = None
) -> None:
    """Adds to `found` the keys of one segment's entries that contain `needle`, until it holds `limit`.

    Looks at the entries from the one at `begin` to before the one at `end`.
    """
    offsets, texts = part.offsets, part.texts
    end = len(offsets) if end is None else end
    stop = part.stop(end)
    at = stringzilla.find(texts, needle, offsets[begin], stop)
    while at >= 0:
        position = bisect_right(offsets, at) - 1
        found.append(part.key(position))
        if len(found) >= limit or position + 1 == end:
            return
        at = stringzilla.find(texts, needle, offsets[position + 1], stop)


def close_gaps(blocks: int, longest: int) -> int:
    """The blocks, a bit each, with those between two of them that are no more than `longest` apart."""
    for _ in range(longest):
        blocks |= blocks << 1
    for _ in range(longest):
        blocks &= blocks >> 1
    return blocks


def _runs(blocks: int, span: Span, size: int) -> Iterator[tuple[int, int]]:
    """The numbers of the entries in `blocks`, a bit each: from the first to before the second of a pair."""
    while blocks:
        lowest = blocks & -blocks
        carried = blocks + lowest  # the lowest run of ones becomes one bit, behind its end
        behind = carried & -carried
        begin, end = lowest.bit_length() - 1, behind.bit_length() - 1
        yield span.first + begin * size, min(span.first + end * size, span.end)
        blocks = carried ^ behind
