"""The fault proof: the N-th operation on the disk fails, for N = 1, 2, 3 … until none is left to fail.

Of a file, nothing that a failed flush was to write counts as durable, then or later: the servers are recorded
too, and what a power cut may leave of such a disk is examined beside what is there.
"""

import errno
import shutil
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import NamedTuple, Self

from goseventh.bench.crash import promises
from goseventh.bench.crash.examiner import Examiner, Tally
from goseventh.bench.crash.images import Disk, Variant
from goseventh.bench.crash.load import Load, Person, by_id
from goseventh.bench.crash.recorder import Event, Recorder, acknowledged
from tests.forked import ForkedServer, Origin
from tests.proof import small
from tests.serving import NotServing, Server, until
from tests.storage.disk import CountingDisk

CLIENTS = 4
REFUSED = {503, 507}
Step = Callable[[], None]


class Trouble(NamedTuple):
    """How the disk fails."""

    code: int
    persistent: bool

    def __str__(self) -> str:
        return f"{errno.errorcode[self.code]} {'persistent' if self.persistent else 'once'}"


TROUBLES = tuple(Trouble(code, lasting) for code in (errno.EIO, errno.ENOSPC) for lasting in (False, True))


class Phase(StrEnum):
    """From when on operations are counted."""

    START = "from the start"
    """A server is started anew for each N."""
    LOAD = "while it serves"


class Bench:
    """One disk, and all that servers on it have promised; a context."""

    def __init__(self, work: Path, strategy: str, examiner: Examiner) -> None:
        work.mkdir()
        self._work = work
        self._strategy = strategy
        self._examiner = examiner
        self._root = work / "root"
        self._root.mkdir()
        self._recorder = Recorder(work, self._root)
        self._disk = Disk(self._root)
        self.faults = CountingDisk(work, self._root)
        # The recorder is in front, so that it sees what fails.
        self._variables = (
            self._recorder.variables
            | self.faults.variables
            | {"LD_PRELOAD": f"{self._recorder.library}:{self.faults.library}"}
        )
        self._origin = Origin(self._variables)
        self._documents: dict[str, bytes] = {}
        self._sent: dict[str, Person] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._origin.__exit__()

    def start(self) -> Server:
        """A server; raises NotServing."""
        flags = ("--strategy", self._strategy)
        return ForkedServer(
            self._origin, self._root / "data", *flags, program=(small.PROGRAM,), **self._variables
        )

    def clear(self) -> None:
        """Begins with an empty disk again. No server may run."""
        for place in self._root.iterdir():
            shutil.rmtree(place)
        self._recorder.clear()
        self._disk = Disk(self._root)
        self._documents, self._sent = {}, {}

    def load(self, server: Server, prefix: str, each: int, tally: Tally) -> None:
        """A few creations; every answer is one that a failing disk allows."""
        load = Load(server, prefix, limit=each)
        load.run(CLIENTS)
        for reply in load.others:
            assert reply.status in REFUSED, reply
            tally.answers[reply.status] = tally.answers.get(reply.status, 0) + 1
            assert reply.status != 503 or reply.headers["Retry-After"]
        tally.answers[201] = tally.answers.get(201, 0) + len(load.acknowledged)
        self._documents |= by_id(load.acknowledged)
        self._sent |= load.sent

    def examine(self, tally: Tally, where: str) -> None:
        """Examines what is there, and what a power cut would leave of it. Nothing may be at work on it."""
        events = self._recorder.events()
        self._disk.follow(events, len(events))
        promise = promises.of(self._strategy)
        kept = self._promised(events, promise.fault)
        power_cut = self._promised(events, promise.fault + promise.power_cut)
        image = self._work / "image"
        if (self._root / "data").exists():
            shutil.copytree(self._root / "data", image)
            verdict = self._examiner.examine(image, kept, self._sent, self._documents)
            tally.add(verdict, len(kept), where)
            shutil.rmtree(image)
        for variant in (Variant.NOTHING, Variant.HALF):
            self._disk.write(image, variant, Random(where))
            verdict = self._examiner.examine(image / "data", power_cut, self._sent, self._documents)
            tally.add(verdict, len(power_cut), f"{where}, power cut, {variant}")
            shutil.rmtree(image)

    def _promised(self, events: list[Event], window: float) -> dict[str, bytes]:
        told = acknowledged(events)
        # Nobody more is answered while the disk fails: so what is at risk stays what it was then.
        until = max(told.values(), default=0.0) - window
        if window == 0:
            return self._documents
        return {key: document for key, document in self._documents.items() if told[key] <= until}


def starting(
    work: Path, strategy: str, trouble: Trouble, numbers: Iterable[int], step: Step = lambda: None
) -> Tally:
    """A server that is started on a failing disk, in an empty place: it serves, or says in lines why not.

    `numbers`: which operations fail, one after the other; ends early when a server does not get that far.
    """
    tally = Tally()
    place = work / "start"
    with Examiner(strategy, small.EXAMINER) as examiner, Bench(place, strategy, examiner) as bench:
        for number in numbers:
            where = f"{trouble}, operation {number} {Phase.START}"
            bench.faults.arm(number, trouble.code, persistent=trouble.persistent)
            try:
                with bench.start() as server:
                    bench.load(server, "", 2, tally)
            except NotServing as refusal:
                if refusal.code != 1 or "Traceback" in refusal.errors:
                    raise AssertionError(f"{where}: no orderly refusal") from refusal
            met = bench.faults.lift()
            bench.examine(tally, where)
            with bench.start() as server:
                bench.load(server, "again", 1, tally)
            bench.examine(tally, f"{where}, started again")
            bench.clear()
            step()
            if met == 0:
                break
    shutil.rmtree(place)
    return tally


def serving(
    work: Path, strategy: str, trouble: Trouble, numbers: Iterable[int], step: Step = lambda: None
) -> Tally:
    """A server whose disk fails while it creates people; the disk gets well after each N, the server with it.

    `numbers` as for `starting`, counted anew each time.
    """
    tally = Tally()
    with (
        Examiner(strategy, small.EXAMINER) as examiner,
        Bench(work / "serving", strategy, examiner) as bench,
    ):
        server = bench.start()
        try:
            for number in numbers:
                where = f"{trouble}, operation {number} {Phase.LOAD}"
                bench.faults.arm(number, trouble.code, persistent=trouble.persistent)
                bench.load(server, f"{number}.", 5, tally)
                met = bench.faults.lift()
                server = _recovered(server, bench)
                bench.load(server, f"{number}.well", 1, tally)
                with server.frozen():
                    bench.examine(tally, where)
                step()
                if met == 0:
                    break
            assert server.stop() == 0, server.errors()
            bench.examine(tally, f"{trouble}, stopped")
        finally:
            server.__exit__(None, None, None)
    return tally


def _recovered(server: Server, bench: Bench) -> Server:
    """The server when it creates people again: itself, or another if it gave up."""

    def settled() -> Server | None:
        if server.process.poll() is not None:
            return bench.start()
        try:
            # Each connection may meet another worker.
            well = all(server.request("POST", "/pessoas", b"{}").status == 422 for _ in range(8))
            return server if well and len(server.workers()) == 2 else None
        except OSError:
            return None

    found = until(settled)
    if found is not server:
        assert server.process.wait() == 1
        server.__exit__(None, None, None)
    return found
