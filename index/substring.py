"""The exact search: which entries contain the needle, the oldest first."""

import math
import re
from bisect import bisect_right
from functools import cache
from time import monotonic

import stringzilla
from lmdb import Transaction, _Database

from index import signature, tables
from index.kept import Kept
from index.term_log import Slice, Walk

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
    kept: Kept | None = None,
    deadline: float = math.inf,
    budget: float = math.inf,
) -> list[bytes]:
    """Keys of the first `limit` entries whose text contains `needle`, in the order they were appended.

    Scans the memory map itself: `transaction` must be one with buffers, and lives until the answer is there.
    Begins with the entry of the number `first`. `signatures` holds those of some spans of `terms`; without
    one a span is scanned. `kept` is this process's, for these. Raises TimeoutError past `deadline`, by the
    monotonic clock, and OverBudgetError rather than scan many more bytes than `budget`, or read them from the
    disk.
    """
    found: list[bytes] = []
    kept = kept or Kept()
    walk = Walk(transaction, terms, kept.segments)
    asked = signature.wanted(needle)
    spent = 0
    for span, table in tables.cover(transaction, signatures, first, walk.last(), kept.signatures):
        if table is None:
            runs = [(max(span.first, first), span.end)]
        else:
            spent += _SIGNATURE_COST
            opened = signature.read(table.header)
            blocks = signature.candidates(opened, asked, table)
            kept.blocks += opened.blocks
            kept.skipped += opened.blocks - blocks.bit_count()
            if not blocks:
                continue
            at, size = span.first, opened.block
            runs = [
                (max(at + begin * size, first), min(at + end * size, span.end))
                for begin, end in ranges(blocks, _RUN_COST * opened.blocks // opened.length)
            ]
        for where in walk.slices_of(runs):
            part, begin, end = where
            start, stop = part.offsets[begin], part.stop(end)
            spent += _RUN_COST + stop - start
            if spent + walk.touched > budget:
                raise OverBudgetError
            if monotonic() > deadline:
                raise TimeoutError
            place = stringzilla.find(part.texts, needle, start, stop)
            if place >= 0:
                _collect(found, limit, needle, where, place)
                if len(found) >= limit:
                    return found
    return found


def _collect(found: list[bytes], limit: int, needle: bytes, where: Slice, at: int) -> None:
    """Adds to `found` the keys of the entries of a slice that contain `needle`, until it holds `limit`.

    The first place of the needle in them is `at`.
    """
    part, begin, end = where
    offsets, texts, stop = part.offsets, part.texts, part.stop(end)
    while at >= 0:
        begin = bisect_right(offsets, at, begin, end)
        found.append(part.key(begin - 1))
        if len(found) >= limit or begin == end:
            return
        at = stringzilla.find(texts, needle, offsets[begin], stop)


def ranges(bits: int, longest: int) -> list[tuple[int, int]]:
    """Where ones are: from a pair's first bit to before its second; gaps of up to `longest` are closed."""
    return [found.span() for found in _ones(longest).finditer(f"{bits:b}"[::-1])]


@cache
def _ones(longest: int) -> "re.Pattern[str]":
    return re.compile(f"1+(?:0{{1,{longest}}}1+)*" if longest else "1+")
