"""The load generator beside wrk, in turn, on the same server of one worker: whether it is fast enough."""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from goseventh.bench.closed_load.asking import Create, Read
from goseventh.bench.closed_load.saturation import USERS
from goseventh.bench.parts import caveats
from goseventh.bench.parts.shape import Observation, Rig
from goseventh.bench.plan import Plan
from goseventh.bench.results import Where

TOOL = "wrk"
OURS, THEIRS = "reads by the load generator", f"reads by {TOOL}"
AIM = 0.8
"""Of wrk's rate, at least: so far the load generator is fast enough."""
_PEOPLE = 1_000
_RATE = re.compile(r"^Requests/sec:\s+([0-9.]+)$", re.MULTILINE)
_WRONG = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)")
_LEAST_SECONDS = 1  # wrk counts in whole ones
_TELLING_SECONDS = 3


def cost(plan: Plan) -> float:
    """Seconds."""
    return plan.repeat * (plan.seconds + _seconds(plan)) + 3 if plan.beside_wrk else 0.0


def run(rig: Rig) -> Iterator[Observation]:
    """Reads by id, a second, of each, on CPUs that are the same."""
    if shutil.which(TOOL) is None:
        rig.warn(f"{TOOL} is not installed, so the load generator was not compared with it.")
        return
    plan, generators = rig.plan, rig.generators(1)
    where: Where = {"strategy": plan.main_strategy, "flush_ms": 0, "workers": 1}
    directory = rig.place / "beside"
    rates: dict[str, list[float]] = {OURS: [], THEIRS: []}
    with rig.serve(directory, plan.main_strategy, 1) as server:
        people = generators.saturate(server.url, [Create(_PEOPLE, plan.seed)], plan.seconds)
        [path] = caveats.checked(rig, f"beside {TOOL}", people).created[:1]
        for _ in range(plan.repeat):
            found = generators.saturate(server.url, [Read([path])], plan.seconds)
            ours = caveats.checked(rig, f"beside {TOOL}", found).per_second
            theirs = _wrk(rig, server.url + path[0])
            for name, rate in ((OURS, ours), (THEIRS, theirs)):
                rates[name].append(rate)
                yield Observation(name, "1/s", "neither", where, rate)
            rig.tell(
                f"one person read by the generator: {ours:,.0f}/s, by {TOOL}: {theirs:,.0f}/s,"
                f" ratio {ours / theirs:.2f}",
                plan.seconds + _seconds(plan),
            )
    if tells(plan.settings()) and (reached := share(rates[OURS], rates[THEIRS])) < AIM:
        rig.warn(
            f"The load generator reached {reached:.0%} of {TOOL}'s rate, less than the {AIM:.0%} it should."
        )
    shutil.rmtree(directory, ignore_errors=True)


def tells(settings: Mapping[str, str]) -> bool:
    """Whether both were loaded for long enough to judge by."""
    return float(settings.get("seconds", 0)) >= _TELLING_SECONDS


def share(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Of wrk's rate that the load generator reached, by the medians of both."""
    return median(ours) / median(theirs)


def _seconds(plan: Plan) -> int:
    return max(_LEAST_SECONDS, round(plan.seconds))


def _wrk(rig: Rig, url: str) -> float:
    """Requests a second."""
    arguments = (TOOL, "-t1", f"-c{USERS}", f"-d{_seconds(rig.plan)}s", url)
    output = rig.run("goseventh.bench.processes.executed", *arguments, loads=1, limited=False).decode()
    if (wrong := _WRONG.search(output)) is not None:
        raise ValueError(f"{TOOL} met wrong answers: {wrong[0]}")
    found = _RATE.search(output)
    if found is None:
        raise ValueError(f"{TOOL} says no rate: {output!r}")
    return float(found[1])
