"""Servers at saturation: creations by strategy, flush and workers; reads, searches, the mix; bare Sanic.

A closed loop of users over HTTP. In each repeat every cell has its turn, after the first in a random order,
so that noise hits all alike. A strategy that owes when it answers is loaded until it has to pay.
"""

import math
import random
import shutil
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from goseventh.bench.closed_load.asking import Asking, Create, Mix, Read, Search
from goseventh.bench.closed_load.saturation import Saturated
from goseventh.bench.crash import promises
from goseventh.bench.parts import beside, caveats
from goseventh.bench.parts.cells import BARE, POSTGRESQL, Cell, cells
from goseventh.bench.parts.shape import Cost, Found, Observation, Part, Rig, cpu_speed
from goseventh.bench.plan import LOADS, Plan
from goseventh.bench.processes.server import Server
from goseventh.bench.wear import COMMIT_BYTES
from goseventh.bench.wire import Site

_START_SECONDS = 1.8
_LOAD_SECONDS = 0.3
"""To prepare one load."""
_MOST_PER_SECOND = 20_000
"""People made ready for a second of creations that nothing but the generator bounds."""
_AHEAD = 1.2
"""Times the generator's ceiling: people made ready for each second of a server's first creations."""
_AGAIN = 3.0
"""Times the most that it created in a second before: those for each second of its next ones."""
_AT_LEAST = 2_000
"""However slow it is: each user is answered once before anything counts, and waits at the end; and a load of
a moment may be many times as fast as the last one."""
_WRITTEN_PER_SECOND = 4_000
_PATIENCE = 30.0
_TRIES = 2
"""The best of so many is the ceiling: whatever disturbs it makes it lower than it is."""
_FEW = 100
"""Of fewer requests the slowest is all that a p99 could tell."""
_QUEUE = {"GOSEVENTH_MAX_QUEUE": "1000000"}
"""So many may wait that nobody is refused: else memory-queue's rate would be that setting, once a second."""
_OTHERS = 1_000
"""Between the seeds of a server's creations alone and of those in its mix: other people."""


def _cost(plan: Plan) -> Cost:
    order = cells(plan)
    seconds = sum(_seconds(cell, plan) for cell in order) * plan.repeat
    ceilings = len(plan.loads) * _TRIES * (plan.seconds + _LOAD_SECONDS)
    seconds += len(plan.workers) * (_START_SECONDS + ceilings)
    creations = sum(cell.seconds(plan) for cell in order) * plan.repeat * _WRITTEN_PER_SECOND
    return Cost(seconds + beside.cost(plan), int(creations * COMMIT_BYTES / 4))


def _seconds(cell: Cell, plan: Plan) -> float:
    return _START_SECONDS + len(cell.loads) * (cell.seconds(plan) + _LOAD_SECONDS)


def _run(rig: Rig) -> Iterator[Found]:
    plan = rig.plan
    if plan.url is not None:
        yield from _external(rig, plan.url)
        return
    ceilings = {}
    for workers in plan.workers:
        caveats.placed(rig, workers)
        ceilings[workers] = _ceilings(rig, workers)
        yield from _told(workers, ceilings[workers])
    if plan.beside_wrk:
        yield from beside.run(rig)
    loads = {cell: _Loads(rig, cell, ceilings[cell.workers]) for cell in cells(plan)}
    for turn in range(plan.repeat):
        order = cells(plan)
        if turn:  # the first one as the report lists them
            random.Random(f"{plan.seed} {turn}").shuffle(order)
        for cell in order:
            directory = rig.place / "data"
            with _started(rig, cell, directory) as server:
                found = [*loads[cell].run(server.url, plan.seed + turn)]
            yield from found
            shutil.rmtree(directory, ignore_errors=True)
            rig.tell(f"{cell}: {found[0].value:,.0f} creations/s", _seconds(cell, plan))


def _external(rig: Rig, url: str) -> Iterator[Found]:
    """Somebody else's server, as it is: of whatever strategy and workers."""
    [cell] = cells(rig.plan)
    ceilings = _ceilings(rig, cell.workers)
    yield from _told(cell.workers, ceilings)
    loads = _Loads(rig, cell, ceilings)
    for turn in range(rig.plan.repeat):
        found = [*loads.run(url, rig.plan.seed + turn)]
        yield from found
        rig.tell(f"{url}: {found[0].value:,.0f} creations/s", _seconds(cell, rig.plan))


def _started(rig: Rig, cell: Cell, directory: Path) -> Server:
    if cell.server == BARE:
        return rig.start("goseventh.bench.processes.bare", str(cell.workers), workers=cell.workers)
    if cell.server == POSTGRESQL:
        return rig.start("goseventh.bench.processes.conventional", str(cell.workers), workers=cell.workers)
    return rig.serve(directory, cell.server, cell.workers, cell.flush_ms, variables=_QUEUE)


def _told(workers: int, ceilings: Mapping[str, float]) -> Iterator[Observation]:
    """The ceilings, of a server of fixed answers that is loaded as one of so many workers."""
    for name, ceiling in ceilings.items():
        yield Observation(
            f"ceiling, {name}", "1/s", "neither", {"server": "fixed", "workers": workers}, ceiling
        )


def _ceilings(rig: Rig, workers: int) -> dict[str, float]:
    """Requests a second that the generator reaches at most, by load, with what it has for so many workers."""
    plan, generators = rig.plan, rig.generators(workers)
    askings = _askings(Create(int(plan.seconds * _MOST_PER_SECOND), plan.seed), [("/pessoas/fixed", 0)])
    ceilings = dict.fromkeys(plan.loads, 0.0)
    # Where those who are measured run, or the generator would have more room than beside them.
    with rig.start("goseventh.bench.processes.fixed", str(workers), workers=workers, limited=False) as fixed:
        for name in [*plan.loads] * _TRIES:
            found = generators.saturate(fixed.url, [askings[name]], plan.seconds)
            caveats.checked(rig, f"the load generator's ceiling, {name}", found)
            ceilings[name] = max(ceilings[name], found.per_second)
    return ceilings


def people_ready(ceiling: float, most: float, seconds: float) -> int:
    """People enough for `seconds` of creations, of which the generator reaches `ceiling` a second.

    `most`: what the server reached before; 0 where it never was loaded.
    """
    rate = ceiling * _AHEAD
    return _AT_LEAST + int(seconds * (min(rate, most * _AGAIN) if most else rate))


def _askings(create: Create, paths: Sequence[tuple[str, int]]) -> dict[str, Asking]:
    """By load, in the order in which a server gets them."""
    again = replace(create, seed=create.seed + _OTHERS)
    askings = (create, Read(paths), Search(create.seed), Mix(again))
    return dict(zip(LOADS, askings, strict=True))


class _Loads:
    """The loads of one cell, one after the other; those who are read were created by the first."""

    def __init__(self, rig: Rig, cell: Cell, ceilings: Mapping[str, float]) -> None:
        self._rig, self._cell, self._ceilings = rig, cell, ceilings
        self._most = 0.0
        """Creations a second that it reached so far; 0 where it never was loaded, endless where that was not
        to be seen."""
        own = rig.plan.url is None
        self._answered_with_body = cell.counts and own
        # Who may be lost by a kill is in one worker's memory, and not counted by the others.
        self._counts = own and cell.counts and promises.of(cell.server).kill == 0

    def run(self, url: str, seed: int) -> Iterator[Observation]:
        """Once, on the server there."""
        cell = self._cell
        creations, *others = cell.loads
        create = Create(
            people_ready(self._ceilings[creations], self._most, cell.seconds(self._rig.plan)),
            seed,
            answered_with_body=self._answered_with_body,
            refusal=promises.of(cell.server).refusal,
        )
        first = yield from self._load(url, creations, create)
        self._most = math.inf if first.ran_out else max(self._most, first.per_second)
        if not first.created:
            return
        askings = _askings(create, first.created if cell.counts else [(path, 0) for path, _ in first.created])
        for name in others:
            yield from self._load(url, name, askings[name])

    def _load(self, url: str, name: str, asking: Asking) -> Generator[Observation, None, Saturated]:
        rig, cell = self._rig, self._cell
        who = f"{cell}, {name}"
        before = Site(url).count(_PATIENCE) if self._counts else 0
        found = rig.generators(cell.workers).saturate(url, [asking], cell.seconds(rig.plan))
        caveats.checked(rig, who, found)
        caveats.doubted(rig, who, found, self._ceilings[name])
        if self._counts and (gone := before + found.acknowledged - Site(url).count(_PATIENCE)) > 0:
            rig.fail(f"{who}: {gone} people were answered with 201 and not counted.")
        yield from _observed(cell, name, found)
        if rig.plan.url is None:  # else it may run anywhere
            yield cpu_speed(name, cell.where, found.cpu_speed)
        return found


def _observed(cell: Cell, name: str, found: Saturated) -> Iterator[Observation]:
    yield Observation(name, "1/s", "higher", cell.where, found.per_second)
    if found.latencies:
        yield Observation(f"{name}, p50", "ms", "lower", cell.where, found.p50)
    if found.latencies >= _FEW:
        yield Observation(f"{name}, p99", "ms", "lower", cell.where, found.p99)
    yield Observation(f"{name}, answers", "count", "neither", cell.where, found.answered)
    yield Observation(f"{name}, wrong answers", "count", "lower", cell.where, found.wrong.total())
    if promises.of(cell.server).refusal is not None:
        yield Observation(f"{name}, refused", "count", "neither", cell.where, found.refused)
    yield Observation(f"{name}, generator", "percent", "neither", cell.where, found.share * 100)


PART = Part(
    "http",
    "servers at saturation, by strategy, flush and workers, beside bare Sanic",
    _cost,
    _run,
    external="the server at saturation, as it is",
)
