"""What the benchmark and the processes of its load generator tell each other."""

from collections import Counter
from dataclasses import dataclass, field

from hdrh.histogram import HdrHistogram

from goseventh.bench.closed_load.asking import Asking

READY, GO = b"ready\n", b"go\n"
"""From the generator when all is prepared; to it."""
_HIGHEST_US = 120_000_000
_DIGITS = 3


def histogram() -> HdrHistogram:
    """An empty one of latencies in µs, exact to three digits."""
    return HdrHistogram(1, _HIGHEST_US, _DIGITS)


@dataclass(frozen=True, slots=True)
class Job:
    """What one process does."""

    url: str
    asking: Asking
    users: int
    seconds: float


@dataclass(slots=True)
class Outcome:
    """What came of a job."""

    answered: int = 0
    """Right answers that came in the counted time."""
    seconds: float = 0.0
    """The counted time, from the end of the warm-up to the end of the load; 0 if it never began."""
    acknowledged: int = 0
    """All who were created, in the warm-up and after the end too."""
    refused: int = 0
    """Requests that were refused, and might be."""
    ran_out: bool = False
    """Whether there was nothing left to ask for before the time was over."""
    wrong: Counter[str] = field(default_factory=Counter)
    """Answers that were wrong, or never came, by what was."""
    histogram: bytes = b""
    """Of latencies in µs of those sent in the counted time, as HdrHistogram encodes it."""
    cpu_seconds: float = 0.0
    """Of the generator, from its first request to the end."""
    busy_seconds: float = 0.0
    """The time that those are of."""
    created: list[tuple[str, int]] = field(default_factory=list)
    """Paths of some who were created, and how many bytes each was sent with."""
