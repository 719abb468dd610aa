"""Figures of a run, picked by what they are of: pure functions."""

from statistics import median

from goseventh.bench.results import Figure, Results
from goseventh.bench.showing.groups import Condition


def creations(results: Results, strategy: str) -> list[Figure]:
    """A strategy's over HTTP, or else in process, one a condition."""
    for part in ("http", "storage"):
        if found := of(results, part, "creations", strategy):
            return found
    return []


def of(results: Results, part: str, name: str, strategy: str) -> list[Figure]:
    return [
        one
        for one in results.figures
        if (one.part, one.name, one.where.get("strategy")) == (part, name, strategy)
    ]


def under(figure: Figure) -> list[Condition]:
    """The conditions beside the strategy."""
    return [pair for pair in figure.where.items() if pair[0] != "strategy"]


def middle(figure: Figure) -> float:
    return median(figure.values)
