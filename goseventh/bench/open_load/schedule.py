"""When each request of the tournament's load is due: a pure function of plan, seed and speed.

Arrivals are open: these moments do not depend on any answer. Within a phase the k-th arrival lies where the
integrated rate reaches k, so the rate is met exactly and a run can be repeated to the microsecond.
"""

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a request asks for; the value is its name in reports."""

    CREATE = "create"
    READ = "read"  # never scheduled: it follows its creation's 201
    SEARCH = "search"
    NO_TERM = "search without term"


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of time over which the rate, in arrivals a second, goes evenly from `first` to `last`."""

    seconds: float
    first: float
    last: float

    @property
    def total(self) -> float:
        """The arrivals of the whole phase, a fraction included."""
        return self.seconds * (self.first + self.last) / 2

    def moment(self, reached: float) -> float:
        """Seconds from the phase's start until its integrated rate is `reached`."""
        slope = (self.last - self.first) / self.seconds
        # The root of slope/2 t² + first t = reached, in the form that also holds for a slope of zero.
        return 2 * reached / (self.first + math.sqrt(max(0.0, self.first**2 + 2 * slope * reached)))


Plan = Mapping[Kind, tuple[Phase, ...]]

TOURNAMENT: Plan = {
    Kind.CREATE: (Phase(10, 2, 2), Phase(15, 5, 5), Phase(180, 6, 600)),
    Kind.SEARCH: (Phase(25, 2, 2), Phase(180, 6, 100)),
    Kind.NO_TERM: (Phase(25, 2, 2), Phase(180, 6, 40)),
}


class Arrival(NamedTuple):
    """One virtual user's due moment, in seconds from the start; `number` counts within its kind."""

    at: float
    kind: Kind
    number: int


def arrivals(plan: Plan, seed: int, speed: float) -> list[Arrival]:
    """Every arrival in order of time. Speed 10: the same in a tenth of the time, at ten times the rate."""
    rng = random.Random(f"schedule {seed}")
    due = [
        Arrival(at / speed, kind, index)
        for kind, phases in plan.items()
        # Each kind starts at its own fraction of an arrival, lest the kinds with equal rates beat in step.
        for index, at in enumerate(_moments(phases, rng.random()))
    ]
    return sorted(due)


def seconds(plan: Plan, speed: float) -> float:
    """How long the plan's arrivals last."""
    return max(sum(phase.seconds for phase in phases) for phases in plan.values()) / speed


def shortened(plan: Plan, factor: float) -> Plan:
    """The plan in so many times less time, at the same rates: with fewer arrivals."""
    return {
        kind: tuple(Phase(phase.seconds / factor, phase.first, phase.last) for phase in phases)
        for kind, phases in plan.items()
    }


def _moments(phases: tuple[Phase, ...], offset: float) -> Iterator[float]:
    start = 0.0
    for phase in phases:
        for whole in range(math.ceil(phase.total - offset)):
            yield start + phase.moment(whole + offset)
        start += phase.seconds
