"""`kill -9` of any process under load loses nobody whom a strategy promised."""

import os
from pathlib import Path

import pytest

from storage.strategies import table
from tests.proof import kill

CYCLES = int(os.environ.get("PROOF_CYCLES", "10"))
"""How often every process is killed; one of them is, too, now and then."""


@pytest.mark.parametrize("strategy", [row.name for row in table.TABLE])
def test_kill_9_keeps_the_promise(tmp_path: Path, strategy: str) -> None:
    tally = kill.run(tmp_path, strategy, CYCLES)
    assert tally.broken() == []
    assert tally.runs == len(kill.victims(CYCLES))
