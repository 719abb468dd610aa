"""The store's search beside others' over the same people, by size: what `goseventh bench search` measures."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from goseventh.bench.parts.shape import Cost, Found, Observation, Part, Rig
from goseventh.bench.plan import Plan
from goseventh.bench.results import Where
from goseventh.bench.searching.contenders.table import GOSEVENTH
from goseventh.bench.searching.search import FAILED, PASSED

_CORPUS = "tournament"
_KINDS, _CONTENDERS = 10, 5
_SHARE = 0.1
"""Of the plan's seconds that one kind of term takes of one contender."""
_BUILD_SECONDS = 1 / 5_000
"""A person, for all contenders."""
_OTHER_SECONDS = 31.0
"""To start PostgreSQL, and what is measured of the largest store alone."""
_RANKS = ("p50", "p99", "max")
_BYTES = 3_000
"""A person, for all contenders."""


def _cost(plan: Plan) -> Cost:
    sizes = plan.depth.searched
    each = plan.seconds * _SHARE * _KINDS * _CONTENDERS
    return Cost(sum(sizes) * _BUILD_SECONDS + len(sizes) * each + _OTHER_SECONDS, sum(sizes) * _BYTES)


def _run(rig: Rig) -> Iterator[Found]:
    file = rig.place / "search.json"
    sizes = rig.plan.depth.searched
    flags = {
        "sizes": ",".join(map(str, sizes)),
        "corpora": _CORPUS,
        "seed": rig.plan.seed,
        "seconds": rig.plan.seconds * _SHARE,
        "dir": rig.place,
        "json": file,
    }
    rig.run(
        "goseventh",
        "bench",
        "search",
        *(f"--{name}={value}" for name, value in flags.items()),
        allowed=(PASSED, FAILED),
    )
    yield from found(rig, orjson.loads(file.read_bytes()))
    rig.tell(f"searches among {', '.join(f'{size:,}' for size in sizes)} people", _cost(rig.plan).seconds)


def found(rig: Rig, results: dict[str, Any]) -> Iterator[Found]:
    """What a report says of what `goseventh bench search` wrote."""
    corpora = {run["corpus"] for run in results["runs"]}
    for run in results["runs"]:
        if "not_available" in run:
            rig.warn(f"search: {run['corpus']} was not measured: {run['not_available']}.")
        apart: Where = {"corpus": run["corpus"]} if len(corpora) > 1 else {}
        for name, about in run["contenders"].items():
            if "not_available" in about:
                rig.warn(f"search: {name} was not measured: {about['not_available']}.")
            else:
                where: Where = {"contender": name, "people": run["people"], **apart}
                yield Observation("index", "bytes", "lower", where, about["index_bytes"])
        for kind, row in run["kinds"].items():
            for name, took in row["contenders"].items():
                where = {"contender": name, "people": run["people"], "term": kind, **apart}
                yield Observation("search, median", "ms", "lower", where, took["median"])
                yield Observation("search, p99", "ms", "lower", where, took["p99"])
        for one in alone(run):
            yield one._replace(where={**one.where, **apart})
    for fault in results["faults"]:
        rig.fail(f"search: {fault}.")


def alone(run: Mapping[str, Any]) -> Iterator[Observation]:
    """What only the store itself is asked, and only the largest: reads while it searches, and creations."""
    people = run["people"]
    if "crowded" in run:
        for load, name in (("nobody searches", "quiet"), ("searched without a pause", "searched")):
            where: Where = {"contender": GOSEVENTH, "people": people, "load": load}
            for rank in _RANKS:
                yield Observation(f"reads, {rank}", "ms", "lower", where, run["crowded"][name][rank])
    if "growth" in run:
        for there, name in ((0, "empty"), (people, "large")):
            where = {"contender": GOSEVENTH, "people": there}
            yield Observation("creations", "1/s", "higher", where, run["growth"][f"{name}_per_second"])


PART = Part("search", "the search beside plain scans, SQLite and PostgreSQL, by people", _cost, _run)
