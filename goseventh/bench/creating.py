"""Creating people in a process, without HTTP: writers that each wait for an answer before they go on.

`python -m goseventh.bench.creating DIRECTORY STRATEGY WRITERS FLUSH_MS SECONDS SEED` prints people a second,
and how fast the CPUs were meanwhile.
What a strategy owes when the time is over is in its figure: the clock stops when everybody is durable.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from queue import SimpleQueue

from goseventh import cpus
from goseventh.bench.corpora import Corpus, Tournament
from goseventh.bench.processes.cpu_speed import CpuSpeed, WatcherDied
from goseventh.bench.quiet import no_collections
from storage.layout import create
from storage.people import Created
from storage.records import Record
from storage.store import Store
from storage.strategies import table
from storage.strategies.shape import Outcome

_PER_SECOND = 40_000
"""People made ready for a second of creating."""
_QUEUE_LIMIT = 1_000_000
"""So many may wait that nobody is refused: else a queue that is emptied once a second would be measured, and
not how soon."""


def rate(
    directory: Path,
    strategy: table.Strategy,
    people: Iterable[Record],
    writers: int,
    *,
    flush_delay: float = 0.0,
    seconds: float = float("inf"),
) -> float:
    """People created a second until the time or the people are over, and all of them are durable.

    Raises ValueError for whoever is not created.
    """
    answered: SimpleQueue[Sequence[tuple[None, Outcome]]] = SimpleQueue()
    left = iter(people)
    waiting = created = 0
    free = writers
    with _as_in_a_worker():
        with Store[None](
            directory, strategy, answered.put, queue_limit=_QUEUE_LIMIT, flush_delay=flush_delay
        ) as store:
            begin = time.perf_counter()
            while True:
                for record in islice(left, free if time.perf_counter() - begin < seconds else 0):
                    store.create(record, None)
                    waiting += 1
                if not waiting:
                    break
                outcomes = answered.get()
                free = len(outcomes)
                waiting -= free
                created += free
                for _, outcome in outcomes:
                    if not isinstance(outcome, Created):
                        raise ValueError(f"somebody was not created: {outcome}")
        return created / (time.perf_counter() - begin)


@contextmanager
def _as_in_a_worker() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(cpus.SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def main() -> None:
    directory, strategy, writers, flush_ms, seconds, seed = sys.argv[1:]
    corpus = Corpus(Tournament, int(_PER_SECOND * float(seconds)), int(seed))
    people = list(chain.from_iterable(corpus.batches(8192)))
    place = Path(directory)
    place.mkdir()
    create(place)
    with CpuSpeed(os.sched_getaffinity(0)) as cpu_speed, no_collections():
        cpu_speed.begin()
        found = rate(
            place,
            table.find(strategy),
            people,
            int(writers),
            flush_delay=int(flush_ms) / 1000,
            seconds=float(seconds),
        )
        print(found, cpu_speed.end())


if __name__ == "__main__":
    try:
        main()
    except WatcherDied as error:
        sys.exit(str(error))
