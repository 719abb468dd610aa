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
        self._cut = bound
        # How many there were, by distance.
        self._met = np.zeros(bound + 1, np.int64)
        self._kept: list[tuple[Distances, NDArray[np.int64], Owner]] = []

    def offer(self, owner: Owner, begin: int, distances: Distances) -> None:
        """Takes the distances of an owner's things that are numbered from `begin`."""
        if np.minimum.reduce(distances, initial=_FAR) > self._cut:
            return
        near = (distances <= self._cut).nonzero()[0]
        kept = distances[near]
        self._kept.append((kept, near + begin, owner))
        self._met += np.bincount(kept, minlength=len(self._met))
        # Enough are as near as this by now, and of equals the first are taken.
        enough = int(self._met.cumsum().searchsorted(self._budget))
        self._cut = min(self._cut, enough - 1)

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
