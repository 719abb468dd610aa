"""What no worker alone can prevent: a meta page whose write failed has come to the disk all the same.

See `storage/write_lock.py`. Without the lock's settling this test fails for nearly every seed.
"""

import errno
import shutil
from pathlib import Path
from random import Random

import pytest

from goseventh.bench.crash.examiner import Examiner, Tally
from goseventh.bench.crash.images import Disk, Variant
from goseventh.bench.crash.load import Load, by_id
from goseventh.bench.crash.recorder import Event, Kind, Recorder, acknowledged
from storage.strategies import table
from tests.proof import small
from tests.serving import Server, until
from tests.storage.disk import FaultyDisk

SEEDS = range(4)


@pytest.mark.debian("cc")
def test_a_power_cut_soon_after_a_failed_commit_loses_nobody(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    recorder, faulty = Recorder(tmp_path, root), FaultyDisk(tmp_path)
    preload = f"{recorder.library}:{faulty.variables['LD_PRELOAD']}"
    variables = recorder.variables | faulty.variables | {"LD_PRELOAD": preload}
    with Server(root / "data", workers=2, program=(small.PROGRAM,), **variables) as server:
        load = Load(server, "")
        with load.running():
            until(lambda: len(load.acknowledged) > 100)
            with faulty.failing("meta", errno.EIO):
                until(lambda: load.others)
            enough = len(load.acknowledged) + 100
            until(lambda: len(load.acknowledged) > enough)
        assert server.stop() == 0
    events = recorder.events()
    documents = by_id(load.acknowledged)
    disk, tally = Disk(root), Tally()
    with Examiner(table.DEFAULT.name, small.EXAMINER) as examiner:
        for moment in _after_failed_commits(events):
            disk.follow(events, moment)
            promised = {key: documents[key] for key in acknowledged(events[:moment]) if key in documents}
            for seed in SEEDS:
                image = tmp_path / "image"
                disk.write(image, Variant.HALF, Random(f"{moment} {seed}"))
                verdict = examiner.examine(image / "data", promised, load.sent, promised)
                tally.add(verdict, len(promised), f"cut at {moment} of {len(events)}")
                shutil.rmtree(image)
    assert tally.runs > 0
    assert tally.broken() == []


def _after_failed_commits(events: list[Event]) -> list[int]:
    """The moments from each failed meta write to the end of the next commit's flush."""
    entered = {(event.process, event.call): event for event in events if event.kind is Kind.WRITE_THROUGH}
    moments = []
    watching = False
    for moment, event in enumerate(events):
        if event.kind is Kind.RETURNED and (event.process, event.call) in entered:
            watching = event.place < 0
        elif watching and event.kind is not Kind.RETURNED:
            moments.append(moment)
    return moments
