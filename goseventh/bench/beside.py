"""The load generator beside wrk, in turn, on the same server of one worker: whether it is fast enough."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence

from goseventh.bench.asking import Create, Read
from goseventh.bench.parts.shape import Observation, Rig
from goseventh.bench.plan import Plan
from goseventh.bench.results import Where
from goseventh.bench.saturation import USERS
from storage.strategies import table

TOOL = "wrk"
_PEOPLE = 1_000
_RATE = re.compile(r"^Requests/sec:\s+([0-9.]+)$", re.MULTILINE)
_WRONG = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)")
_LEAST_SECONDS = 1  # wrk counts in whole ones


def cost(plan: Plan) -> float:
    """Seconds."""
    return plan.repeat * (plan.seconds + _seconds(plan)) + 3 if plan.beside_wrk else 0.0


def run(rig: Rig) -> Iterator[Observation]:
    """Reads by id, a second, of each, on CPUs that are the same."""
    if shutil.which(TOOL) is None:
        rig.warn(f"{TOOL} is not installed, so the load generator was not compared with it.")
        return
    plan, generators = rig.plan, rig.generators(1)
    where: Where = {"strategy": table.DEFAULT.name, "flush_ms": 0, "workers": 1}
    directory = rig.place / "beside"
    with rig.serve(directory, table.DEFAULT.name, 1) as server:
        created = generators.saturate(server.url, [Create(_PEOPLE, plan.seed)], plan.seconds).created
        [*cpus] = rig.placement(1).generators[0]
        for _ in range(plan.repeat):
            ours = generators.saturate(server.url, [Read(created[:1])], plan.seconds)
            theirs = _wrk(server.url + created[0][0], _seconds(plan), cpus)
            yield Observation("reads by the load generator", "1/s", "neither", where, ours.per_second)
            yield Observation(f"reads by {TOOL}", "1/s", "neither", where, theirs)
            rig.tell(
                f"one person read by the generator: {ours.per_second:,.0f}/s, by {TOOL}: {theirs:,.0f}/s,"
                f" ratio {ours.per_second / theirs:.2f}",
                plan.seconds + _seconds(plan),
            )
    shutil.rmtree(directory, ignore_errors=True)


def _seconds(plan: Plan) -> int:
    return max(_LEAST_SECONDS, round(plan.seconds))


def _wrk(url: str, seconds: int, cpus: Sequence[int]) -> float:
    command = [TOOL, "-t1", f"-c{USERS}", f"-d{seconds}s", url]
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)  # of this thread, and so of what it starts
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    finally:
        os.sched_setaffinity(0, before)
    with process:
        output, _ = process.communicate()
    if (wrong := _WRONG.search(output)) is not None:
        raise ValueError(f"{TOOL} met wrong answers: {wrong[0]}")
    found = _RATE.search(output)
    if found is None:
        raise ValueError(f"{TOOL} says no rate: {output!r}")
    return float(found[1])
