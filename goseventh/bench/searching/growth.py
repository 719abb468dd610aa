"""Creations per second into an empty store and into a large one, in turn."""

import statistics
import tempfile
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from goseventh.bench.corpora import Corpus, Tournament
from goseventh.bench.creating import rate
from goseventh.progress import Show
from storage.layout import create
from storage.strategies import table

IN_FLIGHT = 64
"""Submitters that each wait for an answer before they go on: they share a transaction."""
ROUNDS = 3
_BATCH = 8192


def measure(large: Path, creations: int, seed: int, show: Show) -> dict[str, Any]:
    """Creations per second, the median of several rounds, by the default strategy in this process.

    Each round creates so many people in `large`, a store that nobody has open, and in an empty one beside it.
    """
    rates: dict[str, list[float]] = {"empty": [], "large": []}
    for turn in range(ROUNDS):
        show(turn, ROUNDS, "creating")
        # Nobody has such nicknames yet, and they fall anywhere among those there are, as any that come do:
        # neighbours would share the pages that a commit writes anew.
        corpus = Corpus(partial(Tournament, suffix=b"~%d" % turn), creations, seed + turn + 1)
        people = list(chain.from_iterable(corpus.batches(_BATCH)))
        with tempfile.TemporaryDirectory(dir=large.parent) as place:
            create(Path(place))
            rates["empty"].append(rate(Path(place), table.DEFAULT, people, IN_FLIGHT))
        rates["large"].append(rate(large, table.DEFAULT, people, IN_FLIGHT))
    medians = {name: statistics.median(taken) for name, taken in rates.items()}
    return {
        "strategy": table.DEFAULT.name,
        "in_flight": IN_FLIGHT,
        "creations": creations,
        "rounds": ROUNDS,
        **{f"{name}_per_second": median for name, median in medians.items()},
        "ratio": medians["large"] / medians["empty"],
    }
