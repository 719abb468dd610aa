"""Percentiles of what was measured: a pure function."""

import math
from collections.abc import Sequence

PERCENTILES = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999, "max": 1.0}
"""Those that are told, as shares."""


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The nearest rank in an ascending sequence; None in an empty one."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None
