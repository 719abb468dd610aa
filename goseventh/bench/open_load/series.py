"""Exchanges boiled down to percentiles, over a whole run and along it: pure functions."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from goseventh.bench.open_load.exchange import Exchange
from goseventh.bench.percentiles import PERCENTILES, percentile

WINDOW_SECONDS = 10.0  # of the tournament's time

Sample = tuple[float, float]  # perf_counter and process_time, read together


def latencies(exchanges: Iterable[Exchange]) -> dict[str, float | None]:
    """Every percentile of the answered ones, in milliseconds."""
    ordered = sorted(exchange.latency * 1000 for exchange in exchanges if not exchange.missing)
    return {name: percentile(ordered, share) for name, share in PERCENTILES.items()}


def series(
    exchanges: Sequence[Exchange], samples: Sequence[Sample], window: float
) -> list[dict[str, float | None]]:
    """The run in windows of so many seconds, the last perhaps shorter; `samples` must be denser than that."""
    start, end = samples[0][0], samples[-1][0]
    count = max(1, math.ceil((end - start) / window))
    due: list[list[Exchange]] = [[] for _ in range(count)]
    answered = [0] * count
    for exchange in exchanges:
        due[min(count - 1, int((exchange.due - start) / window))].append(exchange)
        if not exchange.missing:
            answered[min(count - 1, int((exchange.done - start) / window))] += 1
    points: list[dict[str, float | None]] = []
    for number in range(count):
        first, last = start + number * window, min(end, start + (number + 1) * window)
        wall, cpu = (b - a for a, b in zip(_sample(samples, first), _sample(samples, last), strict=True))
        within = latencies(due[number])
        late = sorted(exchange.lateness * 1000 for exchange in due[number])
        points.append(
            {
                "at": number * window,
                "sent": len(due[number]),
                "answered": answered[number],
                "per_second": answered[number] / (last - first) if last > first else 0.0,
                "p99": within["p99"],
                "max": within["max"],
                "late_p99": percentile(late, 0.99),
                "share": cpu / wall if wall else 0.0,
            }
        )
    return points


def _sample(samples: Sequence[Sample], moment: float) -> Sample:
    return samples[min(len(samples) - 1, bisect_left(samples, (moment, 0.0)))]
