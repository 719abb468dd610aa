"""Creations in a process, without HTTP: what each strategy makes of writers and of the time a flush takes.

In each repeat every cell has its turn, after the first in a random order, so that noise hits all alike.
"""

import random
import shutil
from collections.abc import Iterator
from itertools import product

from goseventh.bench.parts.shape import Cost, Found, Observation, Part, Rig, cpu_speed
from goseventh.bench.plan import Plan
from goseventh.bench.results import Where
from goseventh.bench.wear import COMMIT_BYTES

_START_SECONDS = 0.9
_PER_SECOND = 8_000
"""Creations, for the estimate of what is written."""


def _cells(plan: Plan) -> list[tuple[str, int, int]]:
    return list(product(plan.strategies, plan.flush_ms, plan.depth.writers))


def _cost(plan: Plan) -> Cost:
    runs = len(_cells(plan)) * plan.repeat
    # Most commits are shared; one in ten pages is a fair guess over all strategies.
    written = int(runs * plan.seconds * _PER_SECOND * COMMIT_BYTES / 10)
    return Cost(runs * (plan.seconds + _START_SECONDS), written)


def _run(rig: Rig) -> Iterator[Found]:
    plan = rig.plan
    for turn in range(plan.repeat):
        order = _cells(plan)
        if turn:  # the first one as the report lists them
            random.Random(f"{plan.seed} {turn}").shuffle(order)
        for strategy, flush_ms, writers in order:
            directory = rig.place / "data"
            arguments = (directory, strategy, writers, flush_ms, plan.seconds, plan.seed + turn)
            told = rig.run("goseventh.bench.creating", *map(str, arguments))
            rate, speed = map(float, told.split())
            shutil.rmtree(directory)
            where: Where = {"strategy": strategy, "flush_ms": flush_ms, "writers": writers}
            yield Observation("creations", "1/s", "higher", where, rate)
            yield cpu_speed("creations", where, speed)
            rig.tell(
                f"{strategy}, a flush +{flush_ms} ms, {writers} writers: {rate:,.0f} creations/s",
                plan.seconds + _START_SECONDS,
            )


PART = Part("storage", "creations in a process by strategy, writers and flush delay", _cost, _run)
