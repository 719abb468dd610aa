"""A power cut loses nobody whom a strategy promised; and a writer that is not safe is caught."""

import os
from pathlib import Path

import pytest

from goseventh.bench.crash import power_cut
from goseventh.bench.crash.images import Variant
from goseventh.bench.crash.recorder import Kind
from storage.strategies import table
from tests.proof import recorded, small, unsafe

pytestmark = pytest.mark.debian("cc")
CUTS = int(os.environ.get("PROOF_CUTS", "20"))
PEOPLE = 320


@pytest.mark.parametrize("strategy", [row.name for row in table.TABLE])
def test_a_power_cut_keeps_the_promise(tmp_path: Path, strategy: str) -> None:
    run = recorded.record(tmp_path, strategy, PEOPLE)
    recorded.assert_complete(run, tmp_path)
    if table.find(strategy).reads_log:  # or it would be another proof than it seems
        assert logs(run, Kind.FILE_MADE) > logs(run, Kind.GONE) > 5
    tallies = power_cut.cut(run, tmp_path, strategy, CUTS, examined_by=small.EXAMINER)
    assert [tally.broken() for tally in tallies.values()] == [[], [], []]
    assert {tally.runs for tally in tallies.values()} == {CUTS}
    assert all(tally.acknowledged > PEOPLE for tally in tallies.values())


def test_a_disk_slower_than_the_window_does_not_widen_it(tmp_path: Path) -> None:
    run = recorded.record(tmp_path, "write-behind", 96, flush_ms=300)
    tallies = power_cut.cut(run, tmp_path, "write-behind", CUTS, examined_by=small.EXAMINER)
    assert [tally.broken() for tally in tallies.values()] == [[], [], []]
    # Or the disk was not slow: some are lost who were told longer ago, by the clock, than the window.
    assert tallies[Variant.NOTHING].missing > 0


def logs(run: power_cut.Run, kind: Kind) -> int:
    """How many files of the log came, or went, in all."""
    return sum(event.kind is kind and event.data.startswith(b"pending-") for event in run.events)


@pytest.mark.parametrize("lie", unsafe.LIES)
def test_an_unsafe_writer_is_caught(tmp_path: Path, lie: str) -> None:
    run = recorded.record(tmp_path, table.DEFAULT.name, PEOPLE, (unsafe.PROGRAM, lie))
    recorded.assert_complete(run, tmp_path)
    tallies = power_cut.cut(run, tmp_path, table.DEFAULT.name, CUTS, examined_by=small.EXAMINER)
    # The process crash that this strategy does survive: everything written is there.
    assert tallies[Variant.ALL].broken() == []
    assert tallies[Variant.HALF].unreadable > 0
    if lie == "never":
        assert tallies[Variant.NOTHING].lost > 0
