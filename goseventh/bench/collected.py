"""What parts have told so far, value by value, as the figures that it makes."""

from collections.abc import Sequence

from goseventh.bench.parts.shape import Found, Observation
from goseventh.bench.results import Figure, Series
from goseventh.bench.rig import Warned
from goseventh.bench.spread import WIDE, is_wide


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

    def warnings(self) -> list[Warned]:
        """A sentence for each part of which figures spread too far."""
        figures = [figure for figure in self.figures() if figure.can_be_worse]
        parts = dict.fromkeys(figure.part for figure in figures if is_wide(figure.values, figure.unit))
        return [Warned(_told(part, [one for one in figures if one.part == part]), part) for part in parts]


def _told(part: str, figures: Sequence[Figure]) -> str:
    wide = sum(is_wide(one.values, one.unit) for one in figures)
    return (
        f"{part}: {wide} of {len(figures)} figures spread over more than {WIDE:.0%} of their median. The"
        " tables mark them as wide: conclude nothing from those."
    )
