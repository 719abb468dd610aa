"""The power-cut proof: one recorded run of a real server, and many disks that a cut may have left of it."""

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from goseventh.bench.crash import cuts, promises
from goseventh.bench.crash.examiner import PROGRAM, Examiner, Tally
from goseventh.bench.crash.images import Disk, Variant
from goseventh.bench.crash.load import Load, Person, by_id
from goseventh.bench.crash.recorder import Event, Recorder, acknowledged
from goseventh.bench.crash.running import AnyRunning, Start

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
    rates: list[float]
    """Creations/s of each start."""


def record(work: Path, strategy: str, people: int, begin: Start[AnyRunning], flush_ms: int = 0) -> Run:
    """Runs a server in `work` twice, each time until about half of `people` are created.

    `flush_ms`: how much longer than the disk needs `begin` has a flush take. Raises ValueError where anyone
    is not created, where a stop is not in order, or the recording missed somebody.
    """
    root = work / "root"
    root.mkdir()
    recorder = Recorder(work, root)
    documents: dict[str, bytes] = {}
    sent: dict[str, Person] = {}
    rates: list[float] = []
    for start in ("a", "b"):
        with begin(root / "data", recorder.variables) as server:
            load = Load(server, start, limit=people // CLIENTS // 2)
            load.run(CLIENTS)
            rates.append(len(load.moments) / (time.monotonic() - load.begun))
            if load.others or load.unanswered:
                raise ValueError(f"{load.unanswered} creations without an answer, others: {load.others[:3]}")
            # Or nobody would be promised yet who may be lost for a while.
            time.sleep(1.2 * promises.of(strategy).power_cut)
            if server.stop() != 0:
                raise ValueError("the server did not stop in order")
        documents |= by_id(load.acknowledged)
        sent |= load.sent
    events = recorder.events()
    if acknowledged(events).keys() != documents.keys():
        raise ValueError("the recording misses somebody who was acknowledged")
    return Run(root, events, documents, sent, flush_ms, rates)


def cut(
    run: Run,
    work: Path,
    strategy: str,
    number: int,
    *,
    losable: bool = False,
    step: Step = lambda: None,
    examined_by: Sequence[str] = PROGRAM,
) -> dict[Variant, Tally]:
    """Cuts the power at `number` moments and examines, for each, what three kinds of disk may hold.

    `losable`: only where somebody can be lost.
    """
    tallies = {variant: Tally(rates=[*run.rates]) for variant in Variant}
    disk = Disk(run.root)
    window = promises.of(strategy).power_cut
    with Examiner(strategy, examined_by) as examiner:
        for moment in cuts.choose(run.events, number, Random(7), losable=losable):
            disk.follow(run.events, moment)
            promised = _promised(run, moment, window)
            told = _promised(run, moment, 0)
            for variant in Variant:
                image = work / f"image-{moment}-{variant}"
                disk.write(image, variant, Random(f"{moment} {variant}"))
                verdict = examiner.examine(image / "data", promised, run.sent, told)
                tallies[variant].add(
                    verdict, len(promised), f"cut at {moment} of {len(run.events)}, {variant}", len(told)
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
