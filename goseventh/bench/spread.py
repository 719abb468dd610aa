"""How far the repeats of a figure differ, and when that is too much: pure functions."""

from collections.abc import Sequence
from statistics import median

from goseventh.bench.results import Unit

WIDE = 0.3
"""A spread beyond which a median says little."""
_COUNTED = ("people", "count")
"""What a figure of these units differs by is what happened, not noise."""


def spread(values: Sequence[float]) -> float:
    """(max - min) / median; 0 where there is no median to divide by."""
    middle = median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def is_wide(values: Sequence[float], unit: Unit | str) -> bool:
    """Whether the repeats of what was measured differ too much for their median to tell anything."""
    return unit not in _COUNTED and spread(values) > WIDE
