"""Searches of every contender, in turn: first whether they agree, then how long they take."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from goseventh.bench.percentiles import percentile
from goseventh.bench.quiet import no_collections
from goseventh.bench.searching.contenders.shape import EXACT, Contender
from goseventh.bench.searching.terms import Kind
from goseventh.progress import Show

LIMIT = 50
REPETITIONS = 400  # of a kind at most
Contenders = Mapping[str, Contender]


def disagreements(contenders: Contenders, kinds: Sequence[Kind]) -> Iterator[str]:
    """One line for each contender and term whose people are not those of the first contender.

    Forgiving searches differ by nature, and are not compared.
    """
    for kind in kinds:
        for term in kind.terms if kind.way == EXACT else ():
            answers = {
                name: contender.numbers(contender.ways[EXACT](term, LIMIT))
                for name, contender in contenders.items()
            }
            (first, expected), *others = answers.items()
            for name, answer in others:
                if answer != expected:
                    yield f"{kind.name} {term!r}: {first} finds {_told(expected)}, {name} {_told(answer)}"


def race(contenders: Contenders, kind: Kind, seconds: float, show: Show) -> dict[str, Any]:
    """Median, p99 and maximum in ms of each contender that has this way to search, and of how many times.

    Each is asked each term at least once, then on until so many seconds are spent on it, or often enough.
    """
    runners = {name: c.ways[kind.way] for name, c in contenders.items() if kind.way in c.ways}
    times: dict[str, list[float]] = {name: [] for name in runners}
    spent = dict.fromkeys(runners, 0.0)
    running = set(runners)
    with no_collections():
        while running:
            for term in kind.terms:
                for name, search in runners.items():
                    if name not in running:
                        continue
                    begin = time.perf_counter()
                    search(term, LIMIT)
                    took = time.perf_counter() - begin
                    times[name].append(took)
                    spent[name] += took
            running = {name for name in running if spent[name] < seconds and len(times[name]) < REPETITIONS}
            show(len(runners) - len(running), len(runners), f"searching: {kind.name}")
    return {name: _figures(taken) for name, taken in times.items()}


def _figures(taken: Sequence[float]) -> dict[str, float | int | None]:
    ordered = sorted(one * 1000 for one in taken)
    shares = {"median": 0.5, "p99": 0.99, "max": 1.0}
    return {"times": len(ordered), **{name: percentile(ordered, share) for name, share in shares.items()}}


def _told(numbers: Sequence[int]) -> str:
    few = ", ".join(map(str, numbers[:3])) + (", …" if len(numbers) > 3 else "")
    return f"{len(numbers)} people ({few})" if numbers else "nobody"
