"""Creating in a process: what a strategy still owes when the time is over is in its figure."""

import os
import signal
import subprocess
import sys
import time
from itertools import chain
from pathlib import Path

import pytest

from goseventh.bench.corpora import Corpus, Tournament
from goseventh.bench.creating import rate
from storage import layout
from storage.strategies import table
from tests.serving import ROOT, until

from .children import running

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


def test_a_watcher_that_dies_meanwhile_is_told_in_one_line(tmp_path: Path) -> None:
    given = (tmp_path / "data", "group-commit", 8, 0, 2.0, 1)
    command = [sys.executable, "-m", "goseventh.bench.creating", *map(str, given)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as ran:
        until(lambda: len(running("processes.cpu_speed", ran.pid)) == 1)
        os.kill(running("processes.cpu_speed", ran.pid)[0], signal.SIGKILL)
        out, err = ran.communicate()
    assert (ran.returncode, out, err) == (1, "", "who watches the CPUs' speed ended with -9\n")
