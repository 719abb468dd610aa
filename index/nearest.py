"""The most alike of many things, up to a budget, in one pass."""

from bisect import bisect_right
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Likeness = NDArray[np.uint8]
Owner = TypeVar("Owner")
_TOGETHER = 1 << 15
"""Things that are looked through at once: as many as stay in the second cache, in some 15 µs."""


class Nearest(Generic[Owner]):
    """The things of greatest likeness among all that were offered, up to a budget; of equals the first."""

    def __init__(self, bound: int, budget: int) -> None:
        """`bound` is the least likeness of interest."""
        self._budget = budget
        # Of what is looked through from now on.
        self._cut = bound
        # Of the nearest so far, the most alike first: how unlike they are, and where among all offered.
        self._unlikeness = np.zeros(0, np.uint8)
        self._places = np.zeros(0, np.int64)
        # Of each offer where its first thing is, and whose, of which number.
        self._firsts: list[int] = []
        self._owners: list[tuple[Owner, int]] = []
        self._offered = 0
        # The last of them, still to be looked through.
        self._waiting = np.empty(_TOGETHER, np.uint8)
        self._near = np.empty(_TOGETHER, np.bool_)
        self._wait = 0
        # How many may wait: few at first, as nearly all are near until there is a budget of them.
        self._together = _TOGETHER >> 3

    def room(self, owner: Owner, begin: int, count: int) -> Likeness:
        """Where to put, before the next call, the likenesses of so many of an owner's things.

        They are numbered from `begin`, and are at most _TOGETHER.
        """
        if self._wait + count > self._together:
            self._choose()
            self._together = min(2 * self._together, _TOGETHER)
        self._firsts.append(self._offered)
        self._owners.append((owner, begin))
        self._offered += count
        self._wait += count
        return self._waiting[self._wait - count : self._wait]

    def best(self) -> list[tuple[Owner, int]]:
        """The nearest things first, by owner and number."""
        self._choose()
        best = []
        for place in self._places.tolist():
            offer = bisect_right(self._firsts, place) - 1
            owner, begin = self._owners[offer]
            best.append((owner, begin + place - self._firsts[offer]))
        return best

    def _choose(self) -> None:
        waiting = self._waiting[: self._wait]
        near = np.greater_equal(waiting, self._cut, self._near[: self._wait]).nonzero()[0]
        if len(near):
            unlikeness = np.concatenate((self._unlikeness, ~waiting[near]))
            places = np.concatenate((self._places, near + (self._offered - self._wait)))
            chosen = unlikeness.argsort(kind="stable")[: self._budget]
            self._unlikeness, self._places = unlikeness[chosen], places[chosen]
            if len(chosen) == self._budget:
                # Of equals the first are taken.
                self._cut = 256 - int(self._unlikeness[-1])
        self._wait = 0
