"""Servers at saturation: creations by strategy, flush and workers; reads, searches, the mix; bare Sanic.

A closed loop of users over HTTP. In each repeat every cell has its turn, so that noise hits all alike.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from goseventh.bench import beside
from goseventh.bench.asking import Asking, Create, Mix, Read, Search
from goseventh.bench.crash import promises
from goseventh.bench.parts.shape import Cost, Found, Observation, Part, Rig
from goseventh.bench.plan import Plan
from goseventh.bench.report import COMMIT_PAGES, PAGE
from goseventh.bench.results import Where
from goseventh.bench.saturation import Saturated
from goseventh.bench.server import Server
from goseventh.bench.wire import Site
from storage.strategies import table

_START_SECONDS = 1.8
_LOAD_SECONDS = 0.3
"""To prepare one load."""
_PER_SECOND = 20_000
"""People made ready for a second of creations."""
_WRITTEN_PER_SECOND = 4_000
_PATIENCE = 30.0
_TRIES = 3
"""The best of so many is the ceiling: whatever disturbs it makes it lower than it is."""
NEAR = 0.8
"""Of the generator's ceiling: beyond it a figure may be the generator's."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """One server, from its start to its end."""

    server: str
    """A strategy, or bare Sanic."""
    flush_ms: int
    workers: int
    loads: int
    """How many loads it gets: creations alone, or all."""

    @property
    def where(self) -> Where:
        match self.server:
            case "":
                return {}
            case name if name == BARE:
                return {"server": BARE, "workers": self.workers}
        return {"strategy": self.server, "flush_ms": self.flush_ms, "workers": self.workers}

    @property
    def counts(self) -> bool:
        """Whether it keeps whom it creates."""
        return self.server != BARE

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.where.items()) or "the server"


BARE = "bare"
_EXTERNAL = _Cell("", 0, 1, 4)


def _cells(plan: Plan) -> list[_Cell]:
    """Creations for every strategy, flush and number of workers; all the rest where only workers matter."""
    if plan.url is not None:
        return [_EXTERNAL]
    main = table.DEFAULT.name if table.DEFAULT.name in plan.strategies else plan.strategies[0]
    least = min(plan.flush_ms)
    cells = []
    for workers in plan.workers:
        cells.append(_Cell(BARE, 0, workers, 2))
        for flush_ms in plan.flush_ms:
            for strategy in plan.strategies:
                whole = strategy == main and flush_ms == least
                cells.append(_Cell(strategy, flush_ms, workers, 4 if whole else 1))
    return cells


def _cost(plan: Plan) -> Cost:
    cells = _cells(plan)
    seconds = sum(_seconds(cell, plan) for cell in cells) * plan.repeat
    creations = len(cells) * plan.repeat * plan.seconds * _WRITTEN_PER_SECOND
    return Cost(seconds + beside.cost(plan), int(creations * COMMIT_PAGES * PAGE / 4))


def _seconds(cell: _Cell, plan: Plan) -> float:
    return _START_SECONDS + cell.loads * (plan.seconds + _LOAD_SECONDS)


def _run(rig: Rig) -> Iterator[Found]:
    plan = rig.plan
    if plan.url is not None:
        yield from _external(rig, plan.url)
        return
    ceilings: dict[int, float] = {}
    for workers in plan.workers:
        ceilings[workers] = _ceiling(rig, workers)
        yield Observation("ceiling", "1/s", "neither", _fixed(workers), ceilings[workers])
        if rig.placement(workers).shared:
            rig.warn(
                f"With {workers} workers the load generator shares CPUs with the server, and each takes time"
                " from the other."
            )
    if plan.beside_wrk:
        yield from beside.run(rig)
    for turn in range(plan.repeat):
        for cell in _cells(plan):
            directory = rig.place / "data"
            with _started(rig, cell, directory) as server:
                found = [*_loads(rig, server.url, cell, ceilings[cell.workers], plan.seed + turn)]
            yield from found
            shutil.rmtree(directory, ignore_errors=True)
            rig.tell(f"{cell}: {found[0].value:,.0f} creations/s", _seconds(cell, plan))


def _external(rig: Rig, url: str) -> Iterator[Found]:
    """Somebody else's server, as it is: of whatever strategy and workers."""
    ceiling = _ceiling(rig, 1)
    yield Observation("ceiling", "1/s", "neither", _fixed(1), ceiling)
    rig.warn("The server was not started here: what it runs on, and beside whom, is not known.")
    for turn in range(rig.plan.repeat):
        found = [*_loads(rig, url, _EXTERNAL, ceiling, rig.plan.seed + turn)]
        yield from found
        rig.tell(f"{url}: {found[0].value:,.0f} creations/s", _seconds(_EXTERNAL, rig.plan))


def _started(rig: Rig, cell: _Cell, directory: Path) -> Server:
    if cell.server == BARE:
        return rig.start("goseventh.bench.bare", str(cell.workers), workers=cell.workers)
    return rig.serve(directory, cell.server, cell.workers, cell.flush_ms)


def _fixed(workers: int) -> Where:
    """Where the ceiling was measured: a server of fixed bytes, loaded as one of so many workers."""
    return {"server": "fixed", "workers": workers}


def _ceiling(rig: Rig, workers: int) -> float:
    """Requests a second that the generator reaches at most, with what it has for so many workers."""
    with rig.start("goseventh.bench.fixed", workers=1, limited=False) as fixed:
        asking, generators = Read([("/pessoas/fixed", 0)]), rig.generators(workers)
        return max(
            generators.saturate(fixed.url, [asking], rig.plan.seconds).per_second for _ in range(_TRIES)
        )


def _loads(rig: Rig, url: str, cell: _Cell, ceiling: float, seed: int) -> Iterator[Observation]:
    """The cell's loads one after the other; those who are read were created by the first."""
    plan, generators = rig.plan, rig.generators(cell.workers)
    before = Site(url).count(_PATIENCE) if cell.counts else 0
    people = int(plan.seconds * _PER_SECOND)
    create = Create(people, seed, answered_with_body=cell.counts and plan.url is None)
    first = generators.saturate(url, [create], plan.seconds)
    yield from _observed(rig, "creations", first, cell, ceiling)
    # Who may be lost by a kill is in one worker's memory, and not counted by the others.
    seen = plan.url is None and cell.counts and promises.of(cell.server).kill == 0
    if seen and not first.wrong and (now := Site(url).count(_PATIENCE)) < before + first.answered:
        rig.fail(f"{cell}: {before + first.answered - now} people were answered with 201 and not counted.")
    if cell.loads > 1 and first.created:
        read: list[tuple[str, Asking]] = [
            ("reads", Read(first.created if cell.counts else [(path, 0) for path, _ in first.created]))
        ]
        if cell.loads > 2:
            read += [("searches", Search(seed)), ("mix", Mix(replace(create, seed=seed + 1_000)))]
        for name, asking in read:
            yield from _observed(rig, name, generators.saturate(url, [asking], plan.seconds), cell, ceiling)


def _observed(rig: Rig, name: str, found: Saturated, cell: _Cell, ceiling: float) -> Iterator[Observation]:
    wrong = found.wrong.total()
    yield Observation(name, "1/s", "higher", cell.where, found.per_second)
    yield Observation(f"{name}, p50", "ms", "lower", cell.where, found.p50)
    yield Observation(f"{name}, p99", "ms", "lower", cell.where, found.p99)
    yield Observation(f"{name}, wrong answers", "count", "lower", cell.where, wrong)
    if found.per_second > NEAR * ceiling:
        rig.warn(f"{cell}, {name}: near the load generator's own ceiling of {ceiling:,.0f}/s.")
    for what, count in found.wrong.most_common(3):
        rig.fail(f"{cell}, {name}: {count:,} wrong answers: {what}.")


PART = Part(
    "http",
    "servers at saturation, by strategy, flush and workers, beside bare Sanic",
    _cost,
    _run,
    external=True,
)
