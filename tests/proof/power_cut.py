"""The power-cut proof: one recorded run of a real server, and many disks that a cut may have left of it."""

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.load import Load, Person, by_id
from tests.proof import cuts, promises, small
from tests.proof.examiner import Examiner, Tally
from tests.proof.images import Disk, Variant
from tests.proof.recorder import Event, Recorder, acknowledged
from tests.serving import Server

CLIENTS = 8
Step = Callable[[], None]
"""Called after each image, to show how far a run is."""


class Run(NamedTuple):
    """A recorded run, from an empty directory to an orderly stop."""

    root: Path
    events: list[Event]
    documents: dict[str, bytes]
    """Id → what the client got."""
    sent: dict[str, Person]
    flush_ms: int
    """How much longer each flush took than the disk needs."""


def record(
    work: Path, strategy: str, people: int, program: Sequence[str] = (small.PROGRAM,), flush_ms: int = 0
) -> Run:
    """Runs a server of two workers in `work` twice, each time until about half of `people` are created."""
    root = work / "root"
    root.mkdir()
    recorder = Recorder(work, root)
    documents: dict[str, bytes] = {}
    sent: dict[str, Person] = {}
    for start in ("a", "b"):
        flags = ("--strategy", strategy, "--emulate-flush-ms", str(flush_ms))
        with Server(root / "data", *flags, workers=2, program=program, **recorder.variables) as server:
            load = Load(server, start, limit=people // CLIENTS // 2)
            load.run(CLIENTS)
            assert load.others == []
            assert load.unanswered == 0
            # Or nobody would be promised yet who may be lost for a while.
            time.sleep(1.2 * promises.of(strategy).power_cut)
            assert server.stop() == 0
        documents |= by_id(load.acknowledged)
        sent |= load.sent
    events = recorder.events()
    assert set(acknowledged(events)) == set(documents)
    return Run(root, events, documents, sent, flush_ms)


def assert_complete(run: Run, work: Path) -> None:
    """The recording missed nothing: what it says was written is what is there."""
    disk = Disk(run.root)
    disk.follow(run.events, len(run.events))
    disk.write(work / "whole", Variant.ALL, Random(0))
    assert _files(work / "whole") == _files(run.root)


def cut(run: Run, work: Path, strategy: str, number: int, step: Step = lambda: None) -> dict[Variant, Tally]:
    """Cuts the power at `number` moments and examines, for each, what three kinds of disk may hold."""
    tallies = {variant: Tally() for variant in Variant}
    disk = Disk(run.root)
    window = promises.of(strategy).power_cut
    with Examiner(strategy) as examiner:
        for moment in cuts.choose(run.events, number, Random(7)):
            disk.follow(run.events, moment)
            promised = _promised(run, moment, window)
            told = _promised(run, moment, 0)
            for variant in Variant:
                image = work / f"image-{moment}-{variant}"
                disk.write(image, variant, Random(f"{moment} {variant}"))
                verdict = examiner.examine(image / "data", promised, run.sent, told)
                tallies[variant].add(
                    verdict, len(promised), f"cut at {moment} of {len(run.events)}, {variant}"
                )
                shutil.rmtree(image)
                step()
    return tallies


def _promised(run: Run, moment: int, window: float) -> dict[str, bytes]:
    """Everyone who must survive a power cut after the first `moment` events."""
    before = run.events[:moment]
    told = acknowledged(before)
    # Where the disk is slower than the window, nobody more is answered while it works.
    until = (max(told.values(), default=0.0) if run.flush_ms else before[-1].seconds) - window
    return {key: run.documents[key] for key, when in told.items() if when <= until}


def _files(root: Path) -> dict[str, bytes]:
    """Everything below `root` that LMDB does not make anew."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.endswith(("lock.mdb", "-lock", ".lock"))
    }
