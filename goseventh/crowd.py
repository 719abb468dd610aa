"""Who has to go when a worker's connections reach their limit.

Whoever waits for an answer stays. Of the others those go first that have the least to lose: 400 clients that
send half a head each must not keep out one that sends a whole request.
"""

import heapq
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple, Protocol

from goseventh.problems import unavailable

CROWDED = unavailable("There are too many connections.").answer().wire(keep_alive=False, head_only=False)
# Looking for one is a walk over all, so several go at a time.
_SHARE = 32


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


def make_room(connections: Iterable[Connection], limit: int) -> bool:
    """Sheds a few of whom can go. Returns whether there was anybody."""
    claims = ((claim, number, one) for number, one in enumerate(connections) if (claim := one.claim()))
    leaving = heapq.nsmallest(max(1, limit // _SHARE), claims)
    for claim, _, one in leaving:
        one.shed(claim)
    return bool(leaving)
