"""Creating people in a process, without HTTP: writers that each wait for an answer before they go on.

`python -m goseventh.bench.creating DIRECTORY STRATEGY WRITERS FLUSH_MS SECONDS SEED` prints people a second.
"""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from queue import SimpleQueue

from goseventh import cpus
from goseventh.bench.corpora import Corpus, Tournament
from goseventh.bench.quiet import no_collections
from storage.errors import Busy
from storage.layout import create
from storage.people import Created
from storage.records import Record
from storage.store import Store
from storage.strategies import table
from storage.strategies.shape import Outcome

_PER_SECOND = 40_000
"""People made ready for a second of creating."""
_AGAIN_SECONDS = 0.0005


def rate(
    directory: Path,
    strategy: table.Strategy,
    people: Iterable[Record],
    writers: int,
    *,
    flush_delay: float = 0.0,
    seconds: float = float("inf"),
) -> float:
    """People created a second, until the time or the people are over.

    Whoever is refused because too many wait comes again soon. Raises ValueError for any other refusal.
    """
    answered: SimpleQueue[Sequence[tuple[None, Outcome]]] = SimpleQueue()
    left = iter(people)
    waiting = created = 0
    free = writers
    with (
        _as_in_a_worker(),
        Store[None](directory, strategy, answered.put, flush_delay=flush_delay) as store,
    ):
        begin = time.perf_counter()
        while True:
            for record in islice(left, free if time.perf_counter() - begin < seconds else 0):
                _submit(store, record)
                waiting += 1
            if not waiting:
                return created / (time.perf_counter() - begin)
            outcomes = answered.get()
            free = len(outcomes)
            waiting -= free
            created += free
            for _, outcome in outcomes:
                if not isinstance(outcome, Created):
                    raise ValueError(f"somebody was not created: {outcome}")


@contextmanager
def _as_in_a_worker() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(cpus.SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _submit(store: Store[None], record: Record) -> None:
    while True:
        try:
            store.create(record, None)
        except Busy:
            time.sleep(_AGAIN_SECONDS)
        else:
            return


def main() -> None:
    directory, strategy, writers, flush_ms, seconds, seed = sys.argv[1:]
    corpus = Corpus(Tournament, int(_PER_SECOND * float(seconds)), int(seed))
    people = list(chain.from_iterable(corpus.batches(8192)))
    place = Path(directory)
    place.mkdir()
    create(place)
    with no_collections():
        print(
            rate(
                place,
                table.find(strategy),
                people,
                int(writers),
                flush_delay=int(flush_ms) / 1000,
                seconds=float(seconds),
            )
        )


if __name__ == "__main__":
    main()
