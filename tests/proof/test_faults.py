"""A disk that fails at any operation never makes a 201 false, and what it leaves opens again."""

from math import inf
from pathlib import Path

import pytest

from goseventh.bench.crash import promises
from storage.strategies import table
from tests.proof import faults
from tests.proof.faults import TROUBLES, Trouble

pytestmark = pytest.mark.debian("cc")
# `make proof` goes on to the last operation; here to where a store is made and opened by everyone.
START_OPERATIONS = 24
LOAD_OPERATIONS = 8
STRATEGIES = [row.name for row in table.TABLE]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_start_on_a_failing_disk_serves_or_says_why_not(tmp_path: Path, strategy: str) -> None:
    # Each operation fails in one way here, the next strategy's in the next way; in depth in every way.
    for turn, trouble in enumerate(TROUBLES):
        first = 1 + (turn + STRATEGIES.index(strategy)) % len(TROUBLES)
        numbers = range(first, START_OPERATIONS + 1, len(TROUBLES))
        tally = faults.starting(tmp_path, strategy, trouble, numbers)
        assert tally.broken() == []
        assert (tally.acknowledged > 0) is keeps_through_faults(strategy)


def keeps_through_faults(strategy: str) -> bool:
    """Whether the strategy promises anything for a disk that fails."""
    return promises.of(strategy).fault < inf


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: str(trouble).replace(" ", "-"))
def test_a_disk_that_fails_under_load_loses_nobody(tmp_path: Path, strategy: str, trouble: Trouble) -> None:
    tally = faults.serving(tmp_path, strategy, trouble, range(1, LOAD_OPERATIONS + 1))
    assert tally.broken() == []
    if keeps_through_faults(strategy):
        assert set(tally.answers) & faults.REFUSED
        assert tally.acknowledged > 0
    else:
        assert set(tally.answers) == {201}  # whatever the disk does: that is what is wrong with it
