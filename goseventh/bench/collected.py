"""What parts have told so far, value by value, as the figures that it makes."""

import statistics
from collections.abc import Sequence

from goseventh.bench.parts.shape import Found, Observation
from goseventh.bench.results import Figure, Series, Where

WIDE = 0.3
"""A spread of repeats, (max - min) / median, beyond which a median says little."""


class Collected:
    """Grows with each value, so that an interrupted run keeps what it measured."""

    def __init__(self) -> None:
        self._first: dict[object, tuple[str, Observation]] = {}
        self._values: dict[object, list[float]] = {}
        self.series: list[Series] = []

    def add(self, part: str, found: Found) -> None:
        """One more value of a figure, or a whole series."""
        if isinstance(found, Series):
            self.series.append(found)
            return
        key = part, found.name, tuple(found.where.items())
        self._first.setdefault(key, (part, found))
        self._values.setdefault(key, []).append(found.value)

    def figures(self) -> list[Figure]:
        """In the order in which their first values came."""
        return [
            Figure(part, one.name, one.unit, one.better, one.where, self._values[key])
            for key, (part, one) in self._first.items()
        ]

    def warnings(self) -> list[str]:
        """A sentence for each part of which figures spread too far."""
        wide: dict[str, list[Figure]] = {}
        for figure in self.figures():
            if figure.unit == "1/s" and spread(figure.values) > WIDE:
                wide.setdefault(figure.part, []).append(figure)
        return [
            f"{len(figures)} rates of {part} spread over more than {WIDE:.0%} of their median, such as"
            f" {figures[0].name} ({told(figures[0].where)}): too wide to conclude from."
            for part, figures in wide.items()
        ]


def spread(values: Sequence[float]) -> float:
    """(max - min) / median; 0 where there is no median to divide by."""
    median = statistics.median(values)
    return (max(values) - min(values)) / median if median else 0.0


def told(where: Where) -> str:
    return ", ".join(f"{name} {value}" for name, value in where.items()) or "the server"
