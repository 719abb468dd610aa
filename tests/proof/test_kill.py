"""`kill -9` of any process under load loses nobody whom a strategy promised."""

import os
from pathlib import Path

import pytest

from goseventh.bench.crash import promises
from storage.strategies import table
from tests.proof import kill

CYCLES = int(os.environ.get("PROOF_CYCLES", "10"))
"""How often every process is killed; one of them is, too, now and then."""


@pytest.mark.debian("cc")
@pytest.mark.parametrize("strategy", [row.name for row in table.TABLE])
def test_kill_9_keeps_the_promise(tmp_path: Path, strategy: str) -> None:
    promise = promises.of(strategy)
    cycles = CYCLES if promise.kill == 0 else max(3, CYCLES // 4)  # each takes as long as the window
    tally = kill.run(tmp_path, strategy, cycles)
    assert tally.broken() == []
    assert tally.runs == len(kill.victims(cycles))
    assert tally.acknowledged > 0  # somebody was promised something
    # What is not promised is lost indeed: a kill that takes nobody would prove nothing.
    assert (tally.missing > 0) is (promise.kill > 0)
