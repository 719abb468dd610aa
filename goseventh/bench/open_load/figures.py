"""A run's results in numbers: the very dictionary that `--json` writes and that the report reads.

Times are milliseconds unless a key says otherwise; a percentile is the nearest rank of what was answered, and
null where nothing was. Keys of `results`:

    url, seed, speed, shorten, append, prefix       what was asked for
    python, platform, cpus, started          where and when (`started`: UTC, ISO 8601)
    people      before, after, expected, stored (after - before); after and stored are null where the
                server could not be asked any more
    kinds       by kind of request: sent, missing, wrong, p50, p75, p90, p95, p99, p999, max
    faults      kind, what, count, missing, example: equal faults together, the first one's example
    generator   wall_seconds, cpu_seconds, share (of one core, whole run), busiest_share (of the busiest
                window), late_p50, late_p99, late_max (how late requests left), warnings
    series      for each 10 s of the tournament's time (1 s of ours at speed 10 or --shorten 10): at (seconds
                of ours from the start), sent (requests due in it), answered, per_second (answers), p99 and
                max (by due moment), late_p99, share (of one core)
    complete    whether nobody interrupted it
    passed      whether every person was stored and every answer was right
"""

import os
import platform
from collections import Counter
from collections.abc import Sequence
from typing import Any

from goseventh.bench.open_load.exchange import Exchange, Fault
from goseventh.bench.open_load.schedule import Kind
from goseventh.bench.open_load.series import Sample, latencies, series
from goseventh.bench.percentiles import percentile

LATE_LIMIT_MS = 1.0  # beyond either limit the figures tell of the generator, not of the server
SHARE_LIMIT = 0.6


def results(
    *,
    asked: dict[str, object],
    people: dict[str, int | None],
    exchanges: Sequence[Exchange],
    faults: Sequence[Fault],
    samples: Sequence[Sample],
    window: float,
    complete: bool,
) -> dict[str, Any]:
    """Everything, as listed above. `samples` reach from the load's start to its end, some in each window."""
    windows = series(exchanges, samples, window)
    return {
        **asked,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "people": people,
        "kinds": by_kind(exchanges, faults),
        "faults": grouped(faults),
        "generator": generator(exchanges, samples, max(float(point["share"] or 0) for point in windows)),
        "series": windows,
        "complete": complete,
        "passed": complete and not faults and people["stored"] == people["expected"],
    }


def by_kind(exchanges: Sequence[Exchange], faults: Sequence[Fault]) -> dict[str, dict[str, float | None]]:
    """Counts and percentiles of each kind."""
    missing = Counter(fault.kind for fault in faults if fault.missing)
    wrong = Counter(fault.kind for fault in faults if not fault.missing)
    table: dict[str, dict[str, float | None]] = {}
    for kind in Kind:
        of_kind = [exchange for exchange in exchanges if exchange.kind is kind]
        counts = {"sent": len(of_kind), "missing": missing[kind], "wrong": wrong[kind]}
        table[kind.value] = {**counts, **latencies(of_kind)}
    return table


def grouped(faults: Sequence[Fault]) -> list[dict[str, object]]:
    """Equal faults together, the most frequent first."""
    counts = Counter((fault.kind, fault.what, fault.missing) for fault in faults)
    first = {(fault.kind, fault.what): fault.example for fault in reversed(faults)}
    return [
        {"kind": kind.value, "what": what, "count": count, "missing": gone, "example": first[kind, what]}
        for (kind, what, gone), count in counts.most_common()
    ]


def generator(exchanges: Sequence[Exchange], samples: Sequence[Sample], busiest: float) -> dict[str, object]:
    """What the generator itself took, and whether it was fast enough to measure a server."""
    wall, cpu = (last - first for first, last in zip(samples[0], samples[-1], strict=True))
    late = sorted(exchange.lateness * 1000 for exchange in exchanges)
    late_p99, share = percentile(late, 0.99) or 0.0, cpu / wall
    warnings = []
    if late_p99 > LATE_LIMIT_MS:
        warnings.append(f"requests left late (p99 {late_p99:.2f} ms): latencies are the generator's, too")
    if max(share, busiest) > SHARE_LIMIT:
        warnings.append(
            f"the generator took {max(share, busiest):.0%} of a core: it may be what was measured"
        )
    return {
        "wall_seconds": wall,
        "cpu_seconds": cpu,
        "share": share,
        "busiest_share": busiest,
        "late_p50": percentile(late, 0.5),
        "late_p99": late_p99,
        "late_max": percentile(late, 1.0),
        "warnings": warnings,
    }
