"""The least of many distances, up to a budget, in one pass."""

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Distances = NDArray[np.uint8]
Owner = TypeVar("Owner")
_FAR = 255


class Nearest(Generic[Owner]):
    """The things of least distance among all that were offered, up to a budget; of equals the first."""

    def __init__(self, bound: int, budget: int) -> None:
        """`bound` is the largest distance of interest."""
        self._budget = budget
        # Of what is offered from now on.
        self._cut = bound
        self._kept: list[tuple[Distances, NDArray[np.int64], Owner]] = []
        # Of those kept, how many came after the cut was last set.
        self._uncounted = 0

    def offer(self, owner: Owner, begin: int, distances: Distances) -> None:
        """Takes the distances of an owner's things that are numbered from `begin`."""
        if np.minimum.reduce(distances, initial=_FAR) > self._cut:
            return
        near = (distances <= self._cut).nonzero()[0]
        self._kept.append((distances[near], near + begin, owner))
        self._uncounted += len(near)
        # Each time would take longer than what it spares: mostly a few come at a time.
        if self._uncounted >= self._budget:
            self._set_cut()

    def best(self) -> list[tuple[Owner, int]]:
        """The nearest things first, by owner and number."""
        if not self._kept:
            return []
        distances, numbers, owned = zip(*self._kept, strict=True)
        owners = np.repeat(np.arange(len(owned)), [len(part) for part in numbers])
        chosen = np.argsort(np.concatenate(distances), kind="stable")[: self._budget]
        numbered = np.concatenate(numbers)[chosen].tolist()
        return [
            (owned[owner], number) for owner, number in zip(owners[chosen].tolist(), numbered, strict=True)
        ]

    def _set_cut(self) -> None:
        met = np.bincount(np.concatenate([distances for distances, _, _ in self._kept]))
        # Enough are as near as this by now, and of equals the first are taken.
        enough = int(met.cumsum().searchsorted(self._budget))
        self._cut = min(self._cut, enough - 1)
        self._uncounted = 0
