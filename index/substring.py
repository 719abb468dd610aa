"""The exact search: which entries contain the needle, the oldest first."""

from bisect import bisect_right

import stringzilla
from lmdb import Transaction, _Database

from index import term_log
from index.segment import Segment


def search(
    transaction: "Transaction[memoryview]", database: _Database, needle: bytes, limit: int
) -> list[bytes]:
    """Keys of the first `limit` entries whose text contains `needle`, in the order they were appended.

    Scans the memory map itself: `transaction` must be one with buffers, and lives until the answer is there.
    """
    found: list[bytes] = []
    for part in term_log.segments(transaction, database):
        scan(part, needle, limit, found)
        if len(found) >= limit:
            break
    return found


def scan(part: Segment, needle: bytes, limit: int, found: list[bytes]) -> None:
    """Adds to `found` the keys of one segment's entries that contain `needle`, until it holds `limit`."""
    offsets, texts = part.offsets, part.texts
    at = stringzilla.find(texts, needle)
    while at >= 0:
        position = bisect_right(offsets, at) - 1
        found.append(part.key(position))
        if len(found) >= limit or position + 1 == len(offsets):
            return
        at = stringzilla.find(texts, needle, offsets[position + 1])
