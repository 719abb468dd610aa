"""The exact search: which entries contain the needle, the oldest first."""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from time import monotonic

import stringzilla
from lmdb import Transaction, _Database

from index import signature, term_log
from index.segment import Segment


def search(
    transaction: "Transaction[memoryview]",
    terms: _Database,
    needle: bytes,
    limit: int,
    *,
    signatures: _Database | None = None,
    deadline: float = math.inf,
) -> list[bytes]:
    """Keys of the first `limit` entries whose text contains `needle`, in the order they were appended.

    Scans the memory map itself: `transaction` must be one with buffers, and lives until the answer is there.
    `signatures` holds those of some segments of `terms`, each under its segment's key; without them, or for a
    needle shorter than a gram, every segment is scanned. Raises TimeoutError past `deadline`, by the
    monotonic clock.
    """
    found: list[bytes] = []
    for part, begin, end in _candidates(transaction, terms, signatures, signature.hashes(needle)):
        if monotonic() > deadline:
            raise TimeoutError
        scan(part, needle, limit, found, begin=begin, end=end)
        if len(found) >= limit:
            break
    return found


def scan(
    part: Segment, needle: bytes, limit: int, found: list[bytes], *, begin: int = 0, end: int | None = None
) -> None:
    """Adds to `found` the keys of one segment's entries that contain `needle`, until it holds `limit`.

    Looks at the entries from the one at `begin` to before the one at `end`.
    """
    offsets, texts = part.offsets, part.texts
    end = len(offsets) if end is None else end
    stop = offsets[end] if end < len(offsets) else len(texts)
    at = stringzilla.find(texts, needle, offsets[begin], stop)
    while at >= 0:
        position = bisect_right(offsets, at) - 1
        found.append(part.key(position))
        if len(found) >= limit or position + 1 == end:
            return
        at = stringzilla.find(texts, needle, offsets[position + 1], stop)


def _candidates(
    transaction: "Transaction[memoryview]",
    terms: _Database,
    signatures: _Database | None,
    hashed: Sequence[int],
) -> Iterator[tuple[Segment, int, int]]:
    """What must be scanned, in order: a segment, its first such entry and the one behind its last."""
    unseen = 1
    if signatures is not None and hashed:
        for key, stored in transaction.cursor(signatures):
            number = int.from_bytes(key, "big")
            for part in term_log.segments(transaction, terms, unseen, number):
                yield part, 0, len(part.offsets)
            opened = signature.read(stored)
            unseen = number + opened.entries
            if runs := list(signature.candidates(opened, hashed)):
                for part in term_log.segments(transaction, terms, number, unseen):
                    for begin, end in runs:
                        yield part, begin, end
    for part in term_log.segments(transaction, terms, unseen):
        yield part, 0, len(part.offsets)
