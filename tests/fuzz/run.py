"""Throws cases at a real server and compares its answers with an oracle's.

`python -m tests.fuzz.run [CASES [SEED]]`
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom

from hypothesis import HealthCheck, given, note, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from goseventh import person
from goseventh.progress import progress
from storage.verify import verify
from tests.fuzz.cases import BODIES, QUERIES, VARIANTS, heads, variants
from tests.fuzz.client import Client
from tests.serving import Server

CASES = 100_000
SEEDS = st.integers(0, (1 << 32) - 1)
CASE = st.one_of(
    st.tuples(st.just("create"), BODIES, SEEDS),
    st.tuples(st.just("chunks"), BODIES, SEEDS),
    st.tuples(st.just("search"), QUERIES, SEEDS),
    st.tuples(st.just("head"), heads(), SEEDS),
)


def fuzz(server: Server, cases: int, seed: int, step: Callable[[int], None] = lambda done: None) -> int:
    """Tries that many cases; raises AssertionError, after hypothesis has made the case small.

    Returns how many were tried, a few more than asked.
    """
    client = Client(server.port)
    send = {
        "create": client.create,
        "chunks": client.chunks,
        "search": client.search,
        "head": client.head,
    }
    workers = server.workers()
    done = 0

    @seeded(seed)
    @settings(
        max_examples=-(-cases // VARIANTS),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(CASE)
    def some(case: tuple[str, bytes, int]) -> None:
        nonlocal done
        kind, base, seed = case
        for sent in variants(kind, base, seed):
            try:
                send[kind](sent)
            except BaseException:
                note(f"{kind}: {sent[:2000]!r}")
                client.close()
                raise
            done += 1
        step(done)

    some()
    assert done >= cases, f"only {done:,} cases were tried"
    client.count()
    client.close()
    assert server.workers() == workers, "a worker died"
    assert server.errors() == ""
    return done


def main() -> int:
    """Fuzzes with a new seed, and prints what came of it."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else SystemRandom().getrandbits(32)
    print(f"{cases:,} cases, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place) / "data"
        with Server(directory, workers=2) as server, progress(sys.stderr, thread=False) as show:

            def step(done: int) -> None:
                show(done, cases, f"{done:,} cases")

            done = fuzz(server, cases, seed, step)
        assert list(verify(directory, person.read)) == []
    print(
        f"{done:,} cases: every answer as the contract says; no 5xx, no connection dropped, no worker dead; "
        "the store is whole"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
