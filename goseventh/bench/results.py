"""What a run of the benchmarks measured, as typed values and as `report.json`: the one home of that schema.

Whoever measures makes these values; whoever shows or compares reads them. A file of another schema is
refused, never guessed at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import orjson

SCHEMA = 1
OWN = "own"
"""The target of a run that started its servers itself; else it is the URL that was measured."""

CPU_SPEED = "CPU speed"
"""The end of a figure's name, behind the load's: how fast the CPUs were on which it was measured, each time.
Sums of a thousand squares that a second of CPU time was worth."""

Unit = Literal["1/s", "ms", "bytes", "people", "percent", "cpu seconds", "count"]
Better = Literal["higher", "lower", "neither"]
Value = str | int | float
Key = tuple[str, str, frozenset[tuple[str, Value]]]
"""Part, name and conditions."""
Where = Mapping[str, Value]
"""Under which conditions, such as {"strategy": "group-commit", "flush_ms": 5, "workers": 2}."""


class NotAReport(ValueError):
    """The file is no report that this version can read; the message is one clear line."""


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of a duration, in ms."""

    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Disk:
    """Where the data directories were."""

    directory_kind: str
    """Its filesystem's type, such as ext4."""
    in_memory: bool
    """Whether that is one whose flushes cost nothing, since it forgets all when the power goes."""
    flush_ms: Percentiles
    """How long a flush of one written page takes: before the run."""
    flush_ms_after: Percentiles | None = None
    """The same after it; None where it was not measured again, as in a run that was cut off."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the servers, and only they, were held to."""

    cpus: float | None = None
    """None: not limited."""
    memory_bytes: int | None = None
    held_by: Literal["cgroup v1", "cgroup v2"] | None = None
    """None: nothing holds them, whatever was asked for."""
    why_not: str | None = None
    """Why limits that were asked for do not hold."""
    swap: bool | None = None
    """Whether servers may have swap beyond their memory; None where that is not limited."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What was measured on."""

    cpu: str
    cpus: int
    memory_bytes: int
    kernel: str
    python: str
    packages: Mapping[str, str]
    """Version by name, of those that the figures depend on."""
    disk: Disk
    limits: Limits


@dataclass(frozen=True, slots=True)
class Promise:
    """A write strategy's promises, as `goseventh strategies` prints them; shown wherever its figures are."""

    name: str
    created_means: str
    kill_loses: str
    power_cut_loses: str
    choose_when: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured, for each repeat or crash. Part, name and where together identify it."""

    part: str
    """The part of the benchmark, such as http."""
    name: str
    unit: Unit
    better: Better
    where: Where
    values: Sequence[float]
    """One for each time that it was measured, in their order."""

    @property
    def can_be_worse(self) -> bool:
        """Or better; the others tell of how it was measured."""
        return self.better != "neither"

    @property
    def is_cpu_speed(self) -> bool:
        """Whether it says how fast the CPUs were."""
        return self.name.endswith(f", {CPU_SPEED}")


@dataclass(frozen=True, slots=True)
class Series:
    """One thing over another, such as throughput over the seconds of a run."""

    part: str
    name: str
    unit: Unit
    x_name: str
    where: Where
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True, slots=True)
class Results:
    """A whole run."""

    version: str
    """GoSeventh's."""
    commit: str | None
    """Of the checkout that was measured; None where there is none."""
    command: str
    started: str
    """UTC, ISO 8601."""
    seconds: float
    complete: bool
    """False: the run was interrupted, and what is here is what it had measured by then."""
    machine: Machine
    settings: Mapping[str, str]
    """Of the run: how many seconds a cell, repeats, seed and so on, as one would write them."""
    target: str
    warnings: Sequence[str] = ()
    """A sentence each, in English."""
    about: Mapping[str, str] = field(default_factory=dict)
    """The part of each sentence that warns of one alone; the others concern the whole run."""
    strategies: Sequence[Promise] = ()
    """Those that were measured; none where the target is somebody else's server."""
    figures: Sequence[Figure] = ()
    series: Sequence[Series] = ()
    schema: int = SCHEMA


def dump(results: Results) -> bytes:
    """The bytes of report.json."""
    return orjson.dumps(asdict(results), option=orjson.OPT_INDENT_2) + b"\n"


_LEAST, _MOST = 1e-12, 1e15
"""Of values that are not zero: no measurement is beyond, and what is computed of those within is a number."""
_MALFORMED = (ValueError, RecursionError)
"""What msgspec raises for bytes that are not what was asked for; the second for those nested too deep."""


def load(path: Path) -> Results:
    """The results in a report.json. Raises NotAReport."""
    import msgspec

    try:
        written = path.read_bytes()
    except OSError as error:
        raise NotAReport(f"{path} can't be read: {error.strerror}") from error
    try:
        schema = msgspec.json.decode(written, type=_Versioned).schema
    except _MALFORMED as error:
        raise NotAReport(f"{path} is no report of a benchmark: {error}") from error
    if schema != SCHEMA:
        raise NotAReport(f"{path} is a report of schema {schema}; this version reads schema {SCHEMA}")
    try:
        results = msgspec.json.decode(written, type=Results)
    except _MALFORMED as error:
        raise NotAReport(f"{path} is no whole report: {error}") from error
    for figure in results.figures:
        if not figure.values:
            raise NotAReport(f"{path} is no whole report: {figure.part}, {figure.name} has no values")
        if beyond := [one for one in figure.values if one and not _LEAST <= abs(one) <= _MOST]:
            raise NotAReport(
                f"{path} is no report: {figure.part}, {figure.name} has {beyond[0]:g}, which nobody measures"
            )
    return results


@dataclass(frozen=True, slots=True)
class _Versioned:
    """What every report has, of whatever schema."""

    schema: int
