"""What every part of the benchmark is, and what it stands on while it measures."""

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from goseventh.bench.closed_load.saturation import Generators
from goseventh.bench.plan import Plan
from goseventh.bench.processes.cores import Placement
from goseventh.bench.processes.server import Server
from goseventh.bench.results import CPU_SPEED, Better, Series, Unit, Where


class Observation(NamedTuple):
    """One value of one figure, in one repeat."""

    name: str
    unit: Unit
    better: Better
    where: Where
    value: float


def cpu_speed(load: str, where: Where, value: float) -> Observation:
    """How fast the CPUs were while `load` was measured."""
    return Observation(f"{load}, {CPU_SPEED}", "1/s", "neither", where, value)


Found = Observation | Series


class Cost(NamedTuple):
    """What a part will take, an estimate."""

    seconds: float
    written: int
    """Bytes, by those who write to the disk."""


class Rig(Protocol):
    """What a part stands on: the plan, a place, servers, generators, and where to say things."""

    plan: Plan
    place: Path
    """An empty directory of the part's own, on the disk that is measured."""

    def tell(self, line: str, seconds: float) -> None:
        """A step is over: what it was, and how long it was meant to take."""

    def warn(self, sentence: str) -> None:
        """Something that makes figures worth less; said once, however often."""

    def fail(self, sentence: str) -> None:
        """Something that must not be, such as a wrong answer: a warning, and the exit code."""

    def placement(self, workers: int) -> Placement:
        """Which CPUs a server of so many workers gets, and which the load."""

    def serve(
        self,
        directory: Path,
        strategy: str,
        workers: int,
        flush_ms: int = 0,
        variables: Mapping[str, str] | None = None,
    ) -> Server:
        """Our own server over a store that nobody has open, held to the plan's limits; a context."""

    def start(self, module: str, *arguments: str, workers: int, limited: bool = True) -> Server:
        """Another server, started the same way; `limited`: held to the plan's limits."""

    def run(
        self,
        module: str,
        *arguments: str,
        loads: int | None = None,
        limited: bool = True,
        allowed: Collection[int] = (0,),
    ) -> bytes:
        """Runs a module to its end; what it printed. Raises NotServing for an exit code not `allowed`.

        `loads`: it is the load of a server of so many workers, and runs where that has no worker.
        """

    def generators(self, workers: int) -> Generators:
        """The load generator for a server of so many workers; ends with the run, starts anew if it died."""


class Part(NamedTuple):
    """A row of the table of parts."""

    name: str
    does: str
    """The end of the sentence "it measures …"."""
    cost: Callable[[Plan], Cost]
    run: Callable[[Rig], Iterator[Found]]
    """Measures, and tells each value as soon as it is there: what was told is kept if the rest is not."""
    external: str = ""
    """The end of that sentence where it is somebody else's server; empty where it can't be."""
