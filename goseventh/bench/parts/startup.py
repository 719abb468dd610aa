"""How long a server takes to its first answer, by size: after an orderly stop, and after a kill -9.

Each strategy starts on a copy of the same store, each time a new one: who is created before the kill must not
be in the store of the next.
"""

import shutil
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from goseventh.bench import built
from goseventh.bench.closed_load.asking import Create
from goseventh.bench.crash import promises
from goseventh.bench.parts import caveats
from goseventh.bench.parts.shape import Cost, Found, Observation, Part, Rig
from goseventh.bench.plan import Plan
from goseventh.bench.processes.server import Server
from goseventh.bench.results import Where
from goseventh.bench.wire import Site

_LOAD_SECONDS = 0.4
_PEOPLE = 8_000
_PATIENCE = 60.0
_EACH_SECONDS = 4.0
_MOST_REPEATS = 3


def _cost(plan: Plan) -> Cost:
    sizes = plan.depth.started
    runs = len(sizes) * len(plan.strategies) * _repeats(plan)
    return Cost(
        sum(sizes) / built.PER_SECOND + runs * _EACH_SECONDS,
        sum(sizes) * built.BYTES * (1 + len(plan.strategies) * _repeats(plan)) + runs * _PEOPLE * 4096,
    )


def _repeats(plan: Plan) -> int:
    return min(plan.repeat, _MOST_REPEATS)


def _run(rig: Rig) -> Iterator[Found]:
    plan = rig.plan
    for people in plan.depth.started:
        built.build(rig.place / str(people), people, plan.seed)
    for turn in range(_repeats(plan)):
        for people, strategy in product(plan.depth.started, plan.strategies):
            where: Where = {"people": people, "strategy": strategy, "workers": plan.most_workers}
            directory = rig.place / "copy"
            built.copy(rig.place / str(people), directory)
            promise = promises.of(strategy)
            server, seconds, there = _started(rig, directory, strategy)
            with server:
                # Killed right behind its last creations, so that there is something to recover.
                create = Create(_PEOPLE, plan.seed + turn, refusal=promise.refusal)
                load = rig.generators(plan.most_workers).saturate(server.url, [create], _LOAD_SECONDS)
                caveats.checked(rig, f"startup: {strategy}", load)
                server.kill()
            server, recovered, left = _started(rig, directory, strategy)
            with server:
                if there != people or (not promise.kill and left < there + load.acknowledged):
                    rig.fail(
                        f"startup: {strategy}: {there:,} people of {people:,}, {load.acknowledged:,} more"
                        f" were created, and after a kill -9 there were {left:,}."
                    )
            shutil.rmtree(directory)
            yield Observation("first answer", "ms", "lower", where, seconds * 1000)
            yield Observation("first answer after kill -9", "ms", "lower", where, recovered * 1000)
            yield Observation("people after kill -9", "people", "neither", where, left)
            rig.tell(
                f"{strategy}, {people:,} people: first answer after {seconds:.2f} s,"
                f" after a kill -9 {recovered:.2f} s",
                _EACH_SECONDS,
            )
    for people in plan.depth.started:
        shutil.rmtree(rig.place / str(people))


def _started(rig: Rig, directory: Path, strategy: str) -> tuple[Server, float, int]:
    """A server that has said how many people there are, how long that took from its start, and how many."""
    begin = time.monotonic()
    server = rig.serve(directory, strategy, rig.plan.most_workers)
    try:
        people = Site(server.url).count(_PATIENCE)
    except BaseException:
        server.__exit__(None, None, None)
        raise
    return server, time.monotonic() - begin, people


PART = Part("startup", "time to the first answer, also after a kill -9, by people and strategy", _cost, _run)
