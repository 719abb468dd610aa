"""What a run of the benchmarks does and how thoroughly: a depth, and what the command line changes.

Raises SettingError, one line, for what makes no sense.
"""

import math
import os
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from goseventh import written
from goseventh.bench.processes import conventional
from goseventh.bench.wire import Site, Unreachable
from goseventh.cpus import best_workers
from goseventh.settings import SettingError
from storage.strategies import table

Item = TypeVar("Item")
LOADS = ("creations", "reads", "searches", "mix")
"""Of a server over HTTP, in the order in which it gets them; who is read was created by the first."""
_MOST_FLUSH_MS = 1_000
_MOST_WORKERS = 64
_LEAST_MEMORY = 128 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How thorough a run is."""

    name: str
    seconds: float
    """Of load on one cell: one strategy, flush and number of workers."""
    repeat: int
    workers: Sequence[int] | None
    """None: one, and as many as serve best on the CPUs there are."""
    flush_ms: Sequence[int]
    writers: Sequence[int]
    """In a process, who each wait for an answer before they go on."""
    tournament: float
    """The tournament lasts so much shorter, at the same rates."""
    searched: Sequence[int]
    """People in the stores that are searched; so the next ones."""
    started: Sequence[int]
    remembered: Sequence[int]
    kills: int
    """Of every process, for each strategy."""
    cuts: int
    """Of the power, for each strategy, with three disks each."""


QUICK = Depth(
    name="quick",
    seconds=0.6,
    repeat=1,
    workers=(1,),
    flush_ms=(0, 5),
    writers=(64,),
    tournament=12.0,
    searched=(10_000,),
    started=(10_000,),
    remembered=(10_000,),
    kills=1,
    cuts=3,
)
USUAL = Depth(
    name="usual",
    seconds=0.8,
    repeat=5,
    workers=None,
    flush_ms=(0, 5),
    writers=(1, 64),
    tournament=1.0,
    searched=(10_000, 100_000),
    started=(10_000, 100_000),
    remembered=(10_000, 100_000),
    kills=4,
    cuts=15,
)
FULL = Depth(
    name="full",
    seconds=3.0,
    repeat=5,
    workers=None,
    flush_ms=(0, 1, 5, 10),
    writers=(1, 64),
    tournament=1.0,
    searched=(10_000, 100_000, 1_000_000),
    started=(10_000, 100_000, 1_000_000),
    remembered=(10_000, 100_000, 1_000_000),
    kills=20,
    cuts=60,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run."""

    depth: Depth
    strategies: Sequence[str]
    workers: Sequence[int]
    flush_ms: Sequence[int]
    loads: tuple[str, ...] = LOADS
    """Some of LOADS in their order, the first one always."""
    repeat: int
    seconds: float
    cpus: float | None
    """What holds the servers; None: nothing."""
    memory: int | None
    seed: int
    url: str | None
    """The server to measure; None: our own, started here."""
    out: Path
    """Where the report goes, and stores meanwhile."""
    beside_wrk: bool = False
    beside_postgresql: bool = False

    @property
    def most_workers(self) -> int:
        return max(self.workers)

    @property
    def main_strategy(self) -> str:
        """Of those that are measured, the one for what does not differ by strategy."""
        return table.DEFAULT.name if table.DEFAULT.name in self.strategies else self.strategies[0]

    def settings(self) -> dict[str, str]:
        """As one would write them."""
        chosen = {
            "strategies": ",".join(self.strategies),
            "emulate-flush-ms": ",".join(map(str, self.flush_ms)),
        }
        return {
            "depth": self.depth.name,
            **(chosen if self.url is None else {}),
            **({"loads": ",".join(self.loads)} if self.loads != LOADS else {}),
            "workers": ",".join(map(str, self.workers)),
            "repeat": str(self.repeat),
            "seconds": f"{self.seconds:g}",
            "cpus": "all" if self.cpus is None else f"{self.cpus:g}",
            "memory": "all" if self.memory is None else written.human(self.memory),
            "seed": str(self.seed),
        }


def plan(
    depth: Depth,
    *,
    strategies: str | None = None,
    workers: str | None = None,
    flush_ms: str | None = None,
    loads: str | None = None,
    repeat: int | None = None,
    seconds: float | None = None,
    cpus: float | None = None,
    memory: str | None = None,
    seed: int = 1,
    url: str | None = None,
    out: str = "bench-report",
    beside_wrk: bool = False,
    beside_postgresql: bool = False,
) -> Plan:
    """The plan for what the flags say, as they are written; None takes the depth's."""
    most = os.cpu_count() or 1
    if cpus is not None and not (math.isfinite(cpus) and 0.1 <= cpus <= most):
        raise SettingError(f"--cpus {cpus:g}: must be from 0.1 to the {most} that there are")
    if not out:
        raise SettingError("--out: must name a directory")
    own = [1] if url is not None else depth.workers or sorted({1, best_workers(cpus)})
    made = Plan(
        depth=depth,
        strategies=_some("strategies", strategies, _strategy, [row.name for row in table.TABLE]),
        workers=_some("workers", workers, written.whole(1, _MOST_WORKERS), own),
        flush_ms=_some("emulate-flush-ms", flush_ms, written.whole(0, _MOST_FLUSH_MS), depth.flush_ms),
        loads=_loads(loads),
        repeat=depth.repeat if repeat is None else repeat,
        seconds=depth.seconds if seconds is None else seconds,
        cpus=cpus,
        memory=None if memory is None else _one("memory", memory, _memory),
        seed=seed,
        url=url,
        out=Path(out),
        beside_wrk=beside_wrk,
        beside_postgresql=beside_postgresql,
    )
    if not 0.05 <= made.seconds <= 3600:
        raise SettingError(f"--seconds {made.seconds:g}: must be from 0.05 to 3600")
    if not 1 <= made.repeat <= 1000:
        raise SettingError(f"--repeat {made.repeat}: must be from 1 to 1000")
    if beside_postgresql and not conventional.available():
        raise SettingError(
            "--beside-postgresql: apt install postgresql, and pip install 'goseventh[postgresql]'"
        )
    if url is not None:
        if strategies is not None or flush_ms is not None:
            raise SettingError(
                "--url: --strategies and --emulate-flush-ms choose nothing of a server not started here"
            )
        if cpus is not None or memory is not None:
            raise SettingError("--url: a server that is not started here can't be held by --cpus or --memory")
        try:
            Site(url)
        except Unreachable as error:
            raise SettingError(f"--url: {error}") from None
    return made


def _some(
    flag: str, given: str | None, parse: Callable[[str], Item], usual: Collection[Item]
) -> Sequence[Item]:
    """A list parted by commas, without repetitions."""
    if given is None:
        return tuple(usual)
    return tuple(dict.fromkeys(_one(flag, part, parse) for part in written.parted(given)))


def _loads(given: str | None) -> tuple[str, ...]:
    chosen = _some("loads", given, _load, LOADS)
    if LOADS[0] not in chosen:
        raise SettingError(f"--loads {given}: {LOADS[0]} must be among them, for they make who is read")
    return tuple(load for load in LOADS if load in chosen)


def _load(given: str) -> str:
    if given not in LOADS:
        raise ValueError(f"must be some of {', '.join(LOADS)}")
    return given


def _one(flag: str, given: str, parse: Callable[[str], Item]) -> Item:
    try:
        return parse(given)
    except ValueError as error:
        raise SettingError(f"--{flag} {error}, not {given!r}") from None


def _strategy(given: str) -> str:
    return written.strategy(given).name


def _memory(given: str) -> int:
    """Bytes, as Docker writes them (3g, 512m) or as our own settings do (3GiB)."""
    short = re.fullmatch(r"([0-9]{1,9})([kmg])", given, re.IGNORECASE)
    found = written.size(f"{short[1]}{short[2].upper()}iB" if short else given)
    if found < _LEAST_MEMORY:
        raise ValueError(f"must be {written.human(_LEAST_MEMORY)} or more, such as 3g")
    return found
