"""A made-up run that has every part: what reports are tested with. None of its figures was measured."""

import random
from collections.abc import Callable, Iterator

from goseventh import settings
from goseventh.bench.results import (
    OWN,
    Disk,
    Figure,
    Limits,
    Machine,
    Percentiles,
    Promise,
    Results,
    Series,
    Where,
)

Values = Callable[[float], list[float]]

_FLUSHES = (0, 1, 5, 10)
_SPEED = {  # creations/s of one worker at 0 ms, and how many one flush carries
    "group-commit": (4200, 40),
    "per-request": (900, 1),
    "write-behind": (3900, 400),
    "memory-queue": (4600, 4000),
}
_KINDS = {"absent": 0.4, "common": 0.09, "short": 1.1}
_SEARCHERS = {"goseventh": 1.0, "sqlite": 6.0, "postgresql": 14.0, "bytes.find": 90.0}


def results(*, seed: int = 1, noise: float = 0.04, slower: float = 1.0, repeats: int = 5) -> Results:
    """The run. `slower`: what the creations/s of group-commit over HTTP are multiplied with.

    Each figure has a noise of its own, the same in every run: between half of `noise` and double.
    """
    luck, nature = random.Random(seed), random.Random(0)

    def values(middle: float) -> list[float]:
        own = noise * 2 ** nature.uniform(-1, 1)
        return [middle * luck.lognormvariate(0, own) for _ in range(repeats)]

    figures: list[Figure] = []
    for strategy, (alone, share) in _SPEED.items():
        for flush in _FLUSHES:
            speed = 1 / (1 / alone + flush / 1000 / share)
            figures.append(
                Figure(
                    "storage",
                    "creations",
                    "1/s",
                    "higher",
                    {"strategy": strategy, "writers": 1, "flush_ms": flush},
                    values(speed * 3),
                )
            )
            for workers in (1, 2):
                where: Where = {"strategy": strategy, "workers": workers, "flush_ms": flush}
                planted = slower if strategy == "group-commit" else 1.0
                served = speed * workers**0.5 * planted
                figures.append(Figure("http", "creations", "1/s", "higher", where, values(served)))
                figures += _latencies("creations", where, 64_000 / served, values)
    for server, reads in (("bare", 9000), ("group-commit", 8300)):
        for workers in (1, 2):
            bare = server == "bare"
            there: Where = {"server": server} if bare else {"strategy": server, "flush_ms": 0}
            there = {**there, "workers": workers}
            figures.append(Figure("http", "reads", "1/s", "higher", there, values(reads * workers**0.6)))
            if bare:
                served = 6500 * workers**0.6
                figures.append(Figure("http", "creations", "1/s", "higher", there, values(served)))
    figures += _tournament(values)
    for people in (10_000, 100_000, 1_000_000):
        for kind, base in _KINDS.items():
            for contender, factor in _SEARCHERS.items():
                middle = base * factor * (people / 1_000_000) ** (0.4 if contender == "goseventh" else 0.8)
                asked: Where = {"contender": contender, "people": people, "term": kind}
                figures += _latencies("search", asked, middle, values)
    lost = {
        "group-commit": (0, 0),
        "per-request": (0, 0),
        "write-behind": (0, 610),
        "memory-queue": (2900, 3100),
    }
    for strategy, losses in lost.items():
        for way, middle in zip(("kill -9", "power cut"), losses, strict=True):
            at: Where = {"strategy": strategy, "crash": way}
            figures.append(Figure("crash", "acknowledged", "people", "neither", at, values(20_000)))
            figures.append(
                Figure(
                    "crash",
                    "acknowledged and lost",
                    "people",
                    "lower",
                    at,
                    [float(round(one)) for one in values(middle)],
                )
            )
    for people in (0, 100_000, 1_000_000):
        size: Where = {"strategy": "group-commit", "people": people}
        figures.append(Figure("startup", "first answer", "ms", "lower", size, values(420 + people / 5e4)))
        figures.append(
            Figure("startup", "first answer after kill -9", "ms", "lower", size, values(510 + people / 4e4))
        )
        figures.append(Figure("memory", "memory (PSS)", "bytes", "lower", size, values(120e6 + people * 40)))
        figures.append(Figure("memory", "file", "bytes", "lower", size, values(1e6 + people * 700)))
    return Results(
        version="0.1.0",
        commit="0123456789ab",
        command="goseventh bench all --quick  # a sample: nothing of this was measured",
        started="2026-01-31T12:00:00+00:00",
        seconds=913.4,
        complete=True,
        machine=machine(),
        settings={"repeat": str(repeats), "seconds a cell": "3", "seed": str(seed)},
        target=OWN,
        warnings=["The load generator and the servers share cores."],
        strategies=[
            Promise(row.name, row.created_means, row.kill_loses, row.power_cut_loses, row.choose_when)
            for row in settings.ROWS
        ],
        figures=figures,
        series=list(_series(luck)),
    )


def machine(cpu: str = "a made-up CPU") -> Machine:
    """What the run pretends to have been measured on."""
    return Machine(
        cpu=cpu,
        cpus=2,
        memory_bytes=24 << 30,
        kernel="Linux 6.1",
        python="3.11.7",
        packages={"sanic": "25.12.0", "lmdb": "3.0.0"},
        disk=Disk("ext4", in_memory=False, flush_ms=Percentiles(p50=0.2, p99=4.0)),
        limits=Limits(1.5, 3 << 30, "cgroup v1"),
    )


def _latencies(name: str, where: Where, middle: float, values: Values) -> Iterator[Figure]:
    part = "search" if name == "search" else "http"
    for rank, factor in (("p50", 0.6), ("p99", 2.2)):
        yield Figure(part, f"{name}, {rank}", "ms", "lower", where, values(middle * factor))


def _tournament(values: Values) -> Iterator[Figure]:
    for strategy, p99 in (("group-commit", 26.0), ("write-behind", 31.0)):
        where: Where = {"strategy": strategy, "workers": 2}
        yield Figure("tournament", "people stored", "people", "neither", where, [46_647.0])
        yield Figure(
            "tournament", "wrong or missing answers", "count", "lower", {**where, "request": "create"}, [0.0]
        )
        for load, factor in (("create", 1.0), ("read", 0.3), ("search", 0.5)):
            for rank, share in (("p50", 0.1), ("p99", 1.0), ("max", 3.6)):
                yield Figure(
                    "tournament",
                    f"latency, {rank}",
                    "ms",
                    "lower",
                    {**where, "request": load},
                    values(p99 * factor * share)[:1],
                )


def _series(luck: random.Random) -> Iterator[Series]:
    seconds = [float(at) for at in range(0, 210, 10)]
    for strategy in ("group-commit", "write-behind"):
        where: Where = {"strategy": strategy, "workers": 2}
        rising = [20 + 5.5 * at for at in seconds]
        yield Series(
            "tournament",
            "throughput",
            "1/s",
            "seconds",
            where,
            seconds,
            [one * luck.uniform(0.97, 1.03) for one in rising],
        )
        for rank, base in (("p50", 1.2), ("p99", 4.0)):
            latency = [base * (1 + at / 60) * luck.uniform(0.7, 1.6) for at in seconds]
            yield Series("tournament", f"latency, {rank}", "ms", "seconds", where, seconds, latency)
