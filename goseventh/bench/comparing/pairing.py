"""Which figures of two runs belong together: pure functions.

Of two runs of the same kind those that are the same in part, name and conditions. A server of others is
measured as it is, without conditions: it stands beside our figures of one strategy and one number of workers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from goseventh.bench.results import OWN, Figure, Key, Results, Value

YARDSTICK = "server"
"""The condition of figures of somebody else's code, beside which ours stand: they tell of the machine."""
_CHOSEN = ("strategy", "workers", "flush_ms")
"""The conditions of ours that a server of others has not."""


class NoSuchFigures(Exception):
    """What was chosen is not there; the message is one clear line."""


@dataclass(frozen=True, slots=True)
class Paired:
    """The figures of two runs."""

    pairs: Sequence[tuple[Figure, Figure]]
    only_before: Sequence[Figure]
    only_after: Sequence[Figure]


def paired(before: Results, after: Results, choice: Mapping[str, Value]) -> Paired:
    """Both runs' figures; `choice` is which of ours stand beside a server of others."""
    mixed = (before.target == OWN) != (after.target == OWN)
    old, new = (_chosen(one, choice) if mixed else _by_key(one.figures) for one in (before, after))
    if mixed:  # of ours much has no counterpart, and nobody misses it
        return Paired([(old[key], new[key]) for key in old if key in new], [], [])
    return Paired(
        [(figure, new[key]) for key, figure in old.items() if key in new],
        [figure for key, figure in old.items() if key not in new],
        [figure for key, figure in new.items() if key not in old],
    )


def _by_key(figures: Sequence[Figure]) -> dict[Key, Figure]:
    return {(one.part, one.name, frozenset(one.where.items())): one for one in figures}


def _chosen(results: Results, choice: Mapping[str, Value]) -> dict[Key, Figure]:
    """Without what was chosen, and without yardsticks, of which each run has its own."""
    found: dict[Key, Figure] = {}
    for one in results.figures:
        if YARDSTICK in one.where or any(one.where.get(key, value) != value for key, value in choice.items()):
            continue
        rest = {key: value for key, value in one.where.items() if key not in _CHOSEN}
        found[one.part, one.name, frozenset(rest.items())] = one
    return found


def chosen(before: Results, after: Results, strategy: str | None, workers: int | None) -> dict[str, Value]:
    """The choice where nobody says otherwise: the strategy that is listed first, most workers, no delay.

    Raises NoSuchFigures where somebody does, and there is none of those, or nothing to choose.
    """
    if (before.target == OWN) == (after.target == OWN) and (strategy is not None or workers is not None):
        raise NoSuchFigures("--strategy and --workers choose what stands beside somebody else's server: none")
    ours = [one for run in (before, after) if run.target == OWN for one in run.figures]
    listed = [row.name for run in (before, after) for row in run.strategies]
    counts = {int(one.where["workers"]) for one in ours if "workers" in one.where}
    if strategy is not None and strategy not in listed:
        raise NoSuchFigures(f"--strategy {strategy}: of ours were measured {', '.join(listed) or 'none'}")
    if workers is not None and workers not in counts:
        told = ", ".join(map(str, sorted(counts)))
        raise NoSuchFigures(f"--workers {workers}: of ours were measured {told or 'none'}")
    choice: dict[str, Value] = {}
    if listed:
        choice["strategy"] = strategy or listed[0]
    if counts:
        choice["workers"] = workers or max(counts)
    if delays := [int(one.where["flush_ms"]) for one in ours if "flush_ms" in one.where]:
        choice["flush_ms"] = min(delays)
    return choice
