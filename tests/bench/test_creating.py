"""Creating in a process: what a strategy still owes when the time is over is in its figure."""

import time
from itertools import chain
from pathlib import Path

import pytest

from goseventh.bench.corpora import Corpus, Tournament
from goseventh.bench.creating import rate
from storage import layout
from storage.strategies import table

PEOPLE, FLUSH = 6_000, 0.2
"""More people than a queue usually takes, and seconds."""


@pytest.mark.parametrize("strategy", table.TABLE, ids=lambda row: row.name)
def test_the_clock_stops_when_everybody_is_durable(tmp_path: Path, strategy: table.Strategy) -> None:
    layout.create(tmp_path)
    people = list(chain.from_iterable(Corpus(Tournament, PEOPLE, 1).batches(8192)))
    begin = time.perf_counter()
    found = rate(tmp_path, strategy, people, 8, flush_delay=FLUSH, seconds=FLUSH * 1.5)
    whole = time.perf_counter() - begin
    with layout.open_read_only(tmp_path) as environment, environment.begin() as snapshot:
        there = snapshot.stat(environment.open_db(b"people", snapshot, create=False))["entries"]
    assert there / whole <= found <= there / FLUSH  # nobody is durable before the first flush is over
