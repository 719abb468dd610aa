"""Who has to go when a worker's connections reach their limit.

Whoever waits for an answer stays. Of the others those go first that have the least to lose: 400 clients that
send half a head each must not keep out one that sends a whole request.
"""

import heapq
from collections.abc import Collection
from enum import IntEnum
from typing import NamedTuple, Protocol

from goseventh.problems import unavailable

CROWDED = unavailable("There are too many connections.").answer().wire(keep_alive=False, head_only=False)
# Looking for one is a walk over all, so several go at a time, and where nobody could, nobody is looked for
# again so soon: most newcomers come when it is most crowded.
_SHARE = 32
_PAUSE_SECONDS = 0.05


class Standing(IntEnum):
    """What a connection is open for; the least goes first."""

    ANSWERED = 0
    """It has its answer, and only what nobody needs is still read."""
    HEAD = 1
    """It has sent no whole head yet, or nothing at all."""
    UNREAD = 2
    """Its answer lies here, and it does not read on."""
    IDLE = 3
    """Its requests are answered."""
    BODY = 4
    """It still owes a part of its body."""


class Claim(NamedTuple):
    """The least goes first: within a standing whoever has stood there longest."""

    standing: Standing
    since: float


class Connection(Protocol):
    """What is seen of a connection here."""

    def claim(self) -> Claim | None:
        """Where it stands; None if it must stay, or is leaving already."""

    def shed(self, claim: Claim) -> None:
        """Ends it at once."""


class Crowd:
    """A worker's connections, and how many there may be."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._full_until = 0.0

    def admit(self, connections: Collection[Connection], now: float) -> bool:
        """Whether one more may come in at `now` (monotonic); for it a few of whom can go are shed."""
        if len(connections) < self._limit:
            return True
        if now < self._full_until:
            return False
        claims = ((claim, number, one) for number, one in enumerate(connections) if (claim := one.claim()))
        leaving = heapq.nsmallest(max(1, self._limit // _SHARE), claims)
        for claim, _, one in leaving:
            one.shed(claim)
        if not leaving:
            self._full_until = now + _PAUSE_SECONDS
        return bool(leaving)
