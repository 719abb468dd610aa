"""What the repeats of a figure come to, how far they differ, and when that is too much: pure functions."""

from collections.abc import Sequence
from statistics import median

from goseventh.bench.results import Unit

WIDE = 0.3
"""A spread beyond which a median says little."""
_COUNTED = ("people", "count")
"""What a figure of these units differs by is what happened, not noise."""

LOSSES = ("acknowledged and lost", "promised and lost")
"""Figures of which the worst crash counts: half of all losing nobody makes none of the others harmless."""


def summed_up(name: str, values: Sequence[float]) -> float:
    """The one number that stands for all values of a figure: the median, of people lost the most."""
    return max(values) if name in LOSSES else median(values)


def spread(values: Sequence[float]) -> float:
    """(max - min) / median; 0 where there is no median to divide by."""
    middle = median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def is_wide(values: Sequence[float], unit: Unit | str) -> bool:
    """Whether the repeats of what was measured differ too much for their median to tell anything."""
    return unit not in _COUNTED and spread(values) > WIDE
