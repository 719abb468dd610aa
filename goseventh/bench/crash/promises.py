"""What each write strategy's 201 may lose, in numbers; the prose is in the table of strategies."""

from math import inf
from typing import NamedTuple


class Promise(NamedTuple):
    """Seconds: whoever was acknowledged longer ago than this must still be there."""

    kill: float
    power_cut: float
    fault: float = 0
    """Before a disk failed. A power cut comes on top, counted from the last who was answered at all."""
    refusal: int | None = None
    """The status with which a creation may be refused while too many wait in a worker's memory."""


# Whoever is not named here may lose nothing at all.
_WEAKER = {
    "write-behind": Promise(kill=0, power_cut=0.2),
    # A second until the next flush begins, and that flush: here a generous one.
    "memory-queue": Promise(kill=1.5, power_cut=1.5, fault=inf, refusal=503),
}


def of(strategy: str) -> Promise:
    """The promise of the strategy of that name."""
    return _WEAKER.get(strategy, Promise(0, 0))
