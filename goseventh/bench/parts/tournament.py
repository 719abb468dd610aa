"""The tournament's own load: open arrivals, latency from the scheduled moment, every answer checked.

Once, not so many times as the plan repeats: at its own pace it takes three and a half minutes.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from goseventh.bench.open_load.schedule import TOURNAMENT, Kind, seconds, shortened
from goseventh.bench.open_load.tournament import FAILED, PASSED
from goseventh.bench.parts import caveats
from goseventh.bench.parts.shape import Cost, Found, Observation, Part, Rig
from goseventh.bench.plan import Plan
from goseventh.bench.results import Series, Where
from goseventh.bench.wear import COMMIT_BYTES

_OTHER_SECONDS = 8.0
"""To write the script, to start a server, to judge the answers."""
_LATENCIES = ("p50", "p99", "max")


def _cost(plan: Plan) -> Cost:
    load = shortened(TOURNAMENT, plan.depth.tournament)
    creations = sum(phase.total for phase in load[Kind.CREATE])
    return Cost(seconds(load, 1.0) + _OTHER_SECONDS, int(creations * COMMIT_BYTES))


def _run(rig: Rig) -> Iterator[Found]:
    plan = rig.plan
    if plan.url is not None:
        yield from found(rig, _drive(rig, plan.url), {})
        rig.tell(f"the tournament's load on {plan.url}", _cost(plan).seconds)
        return
    strategy = plan.main_strategy
    where: Where = {"strategy": strategy, "workers": plan.most_workers}
    caveats.placed(rig, plan.most_workers)
    with rig.serve(rig.place / "data", strategy, plan.most_workers) as server:
        results = _drive(rig, server.url)
        yield Observation("CPU", "cpu seconds", "lower", where, server.cpu_seconds())
        yield Observation("memory", "bytes", "lower", where, server.memory())
    yield from found(rig, results, where)
    rig.tell(f"the tournament's load on {strategy}, {plan.most_workers} workers", _cost(plan).seconds)


def _drive(rig: Rig, url: str) -> dict[str, Any]:
    """What `goseventh bench tournament` measures, in a process of its own."""
    file = rig.place / "tournament.json"
    flags = {
        "url": url,
        "seed": rig.plan.seed,
        "shorten": rig.plan.depth.tournament,
        "json": file,
    }
    rig.run(
        "goseventh",
        "bench",
        "tournament",
        "--append",
        *(["--strict"] if rig.plan.url is None else []),
        *(f"--{name}={value}" for name, value in flags.items()),
        loads=rig.plan.most_workers,
        limited=False,
        allowed=(PASSED, FAILED),
    )
    read: dict[str, Any] = orjson.loads(file.read_bytes())
    return read


def found(rig: Rig, results: dict[str, Any], where: Where) -> Iterator[Found]:
    """What a report says of what `goseventh bench tournament` wrote."""
    people = results["people"]
    if people["stored"] is not None:
        yield Observation("people stored", "people", "neither", where, people["stored"])
        yield Observation("people missing", "people", "lower", where, people["expected"] - people["stored"])
    for kind, row in results["kinds"].items():
        here = {**where, "request": kind}
        for name in _LATENCIES:
            if row[name] is not None:
                yield Observation(f"latency, {name}", "ms", "lower", here, row[name])
        yield Observation("wrong or missing answers", "count", "lower", here, row["wrong"] + row["missing"])
    points = [point for point in results["series"] if point["p99"] is not None]
    at = [point["at"] for point in points]
    rates, latencies = [point["per_second"] for point in points], [point["p99"] for point in points]
    yield Series("tournament", "throughput", "1/s", "seconds", where, at, rates)
    yield Series("tournament", "latency, p99", "ms", "seconds", where, at, latencies)
    for warning in results["generator"]["warnings"]:
        rig.warn(f"tournament: {warning}.")
    if results["complete"] and not results["passed"]:
        what = "; ".join(f"{fault['count']} × {fault['what']}" for fault in results["faults"][:3])
        rig.fail(
            f"tournament: not everybody was stored, or not every answer right: {what or 'people differ'}."
        )


PART = Part(
    "tournament",
    "the tournament's load as open arrivals, each answer checked",
    _cost,
    _run,
    external="the tournament's load as open arrivals, each answer checked",
)
