"""Creations per second into an empty store and into a large one, in turn."""

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from goseventh.bench.corpora import Corpus, Tournament
from goseventh.progress import Show
from goseventh.worker import SWITCH_SECONDS
from storage.environment import create
from storage.people import Created
from storage.records import Record
from storage.store import Store
from storage.strategies import table
from storage.strategies.shape import Outcome

IN_FLIGHT = 64
"""Submitters that each wait for an answer before they go on: they share a transaction."""
ROUNDS = 3


def measure(large: Path, creations: int, seed: int, show: Show) -> dict[str, Any]:
    """Creations per second, the median of several rounds, by the default strategy in this process.

    Each round creates so many people in `large`, a store that nobody has open, and in an empty one beside it.
    """
    rates: dict[str, list[float]] = {"empty": [], "large": []}
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)  # as in a worker, or whoever makes tables holds up the commits
    for turn in range(ROUNDS):
        show(turn, ROUNDS, "creating")
        prefix = f"Round{'ABCDEFGH'[turn]}".encode()  # nobody has such nicknames yet
        corpus = Corpus(partial(Tournament, prefix=prefix), creations, seed + turn + 1)
        batches = list(corpus.batches(IN_FLIGHT))
        with tempfile.TemporaryDirectory(dir=large.parent) as place:
            create(Path(place))
            rates["empty"].append(_rate(Path(place), batches))
        rates["large"].append(_rate(large, batches))
    sys.setswitchinterval(before)
    medians = {name: statistics.median(rate) for name, rate in rates.items()}
    return {
        "strategy": table.DEFAULT.name,
        "in_flight": IN_FLIGHT,
        "creations": creations,
        "rounds": ROUNDS,
        **{f"{name}_per_second": rate for name, rate in medians.items()},
        "ratio": medians["large"] / medians["empty"],
    }


def _rate(directory: Path, batches: Sequence[Sequence[Record]]) -> float:
    answered = Event()
    waiting = 0
    refused: list[Outcome] = []

    def deliver(outcomes: Sequence[tuple[None, Outcome]]) -> None:
        """On the commit thread."""
        nonlocal waiting
        refused.extend(outcome for _, outcome in outcomes if not isinstance(outcome, Created))
        waiting -= len(outcomes)
        if not waiting:
            answered.set()

    with Store(directory, table.DEFAULT, deliver) as store:
        begin = time.perf_counter()
        for batch in batches:
            waiting = len(batch)  # nobody else counts: all before were answered
            answered.clear()
            for record in batch:
                store.create(record, None)
            answered.wait()
        taken = time.perf_counter() - begin
    if refused:
        raise ValueError(f"{len(refused)} people were not created, such as {refused[0]}")
    return sum(map(len, batches)) / taken
