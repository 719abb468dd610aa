"""The forgiving search: which entries have a field that resembles the term, the most similar first.

A field resembles it as a whole, where their lengths differ by little, or in a part of it. All fields are
compared by their masks alone, and a fixed number of those that differ least by their letters, so that the
latter takes as long in a large log as in a small one.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable
from itertools import groupby
from operator import attrgetter, itemgetter
from time import monotonic
from typing import NamedTuple

import numpy as np

from index import resemblance
from index.fold import fold
from index.mask import BITS, SHORT, Masks, gram, masks
from index.nearest import Nearest
from index.outline import LARGEST, LONGEST, Outlines
from index.resemblance import Way
from index.segment import Segment
from index.text import FIELD_END

_GRAMS_AN_EDIT = 4
# Fields compared letter by letter: to fetch and compare one takes some 7 µs in a large log.
_WHOLE_BUDGET = 150
_PART_BUDGET = 150


class Source(NamedTuple):
    """Neighbouring entries that have outlines."""

    first: int
    """The number of the first one."""
    outlines: Outlines
    find: Callable[[int], tuple[Segment, int]]
    """Gives the segment that has the entry of a number, and the number of its first entry."""


def search(sources: Iterable[Source], term: str, limit: int, deadline: float = math.inf) -> list[bytes]:
    """Keys of the `limit` entries that resemble `term` most; of equals the first by number.

    `limit` is at most `outline.PLACES`. Raises TimeoutError past `deadline`, by the monotonic clock.
    """
    folded = fold(term)
    if not folded:
        return []
    whole, part = resemblance.whole(folded), resemblance.part(folded)
    grams = _GRAMS_AN_EDIT * resemblance.edits(folded)
    # What makes a whole field unlike the term is a gram that only one of both has; what makes a part so is a
    # gram of the term that is nowhere in the field.
    wholes: Nearest[Source] = Nearest(BITS - 2 * grams, _WHOLE_BUDGET)
    parts: Nearest[Source] = Nearest(BITS - min(grams, len(folded) // 2), _PART_BUDGET)
    absent = {size: (~masks([folded], size)).reshape(()) for size in (gram(SHORT), gram(LONGEST))}
    looks = _looks(absent, whole, np.bitwise_xor, wholes) + _looks(absent, part, np.bitwise_or, parts)
    # Always the same, so that it stays in the fastest caches.
    scratch = np.empty(LARGEST, np.uint64)
    for source in sources:
        for look in looks:
            if monotonic() > deadline:
                raise TimeoutError
            fields = source.outlines.between(look.shortest, look.longest)
            for begin, stored in source.outlines.masks(*fields):
                bits = look.alike(stored, look.absent, scratch[: len(stored)])
                np.bitwise_count(bits, look.nearest.room(source, begin, len(stored)))
    opened = _Opened()
    scored = _scored(wholes.best(), folded, opened, whole)
    scored += _scored(parts.best(), folded, opened, part)
    return _first(scored, limit, opened)


class _Look(NamedTuple):
    """One way to resemble the term, for fields of some lengths that have grams of one size."""

    shortest: int
    longest: int
    alike: np.ufunc
    """Of a stored mask and `absent`: sets the bits in which a field is like the term."""
    absent: Masks
    """The term's mask inverted, without a dimension: numpy would make such an array of a scalar each time."""
    nearest: Nearest[Source]


class _Scored(NamedTuple):
    """A field, with its score of 100."""

    score: float
    source: Source
    field: int


def _looks(absent: dict[int, Masks], way: Way, alike: np.ufunc, nearest: Nearest[Source]) -> list[_Look]:
    """Those of a way to resemble; `absent` by the size of the grams."""
    borders = ((way.shortest, min(way.longest, SHORT)), (max(way.shortest, SHORT + 1), way.longest))
    return [_Look(low, high, alike, absent[gram(high)], nearest) for low, high in borders if low <= high]


def _scored(
    candidates: Iterable[tuple[Source, int]], folded: str, opened: "_Opened", way: Way
) -> list[_Scored]:
    """The candidates that resemble the term by their letters."""
    found = []
    for source, field in candidates:
        position, place = source.outlines.first_place(field)
        found.append((source.first + position, place, source, field))
    # Neighbours are in the same pages.
    found.sort(key=itemgetter(0))
    letters = []
    for number, place, source, _ in found:
        part, position = opened.find(source, number)
        letters.append(fold(part.text(position).split(FIELD_END, place + 1)[place].decode()))
    return [
        _Scored(score, source, field)
        for score, (_, _, source, field) in zip(way.scores(folded, letters), found, strict=True)
        if score
    ]


def _first(scored: list[_Scored], limit: int, opened: "_Opened") -> list[bytes]:
    """The keys of the entries of highest score; each counts with its best field."""
    keys: dict[int, bytes] = {}
    scored.sort(key=attrgetter("score"), reverse=True)
    for _, equals in groupby(scored, attrgetter("score")):
        owners = {
            source.first + position: source
            for _, source, field in equals
            for position, _ in source.outlines.places(field)
        }
        for number in sorted(owners.keys() - keys.keys())[: limit - len(keys)]:
            part, position = opened.find(owners[number], number)
            keys[number] = part.key(position)
        if len(keys) >= limit:
            break
    return list(keys.values())


class _Opened:
    """The segments that were needed so far: to open one takes some 20 µs."""

    def __init__(self) -> None:
        # The numbers of their first entries, rising, and they themselves.
        self._firsts: list[int] = []
        self._parts: list[Segment] = []

    def find(self, source: Source, number: int) -> tuple[Segment, int]:
        """Where the entry of this number is: its segment, and its position there."""
        at = bisect_right(self._firsts, number) - 1
        if at < 0 or number - self._firsts[at] >= len(self._parts[at].offsets):
            at += 1
            part, first = source.find(number)
            self._firsts.insert(at, first)
            self._parts.insert(at, part)
        return self._parts[at], number - self._firsts[at]
