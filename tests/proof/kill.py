"""Who is killed, and when: the strikes of the `kill -9` proof on real servers with small sizes."""

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random

from goseventh.bench.crash import kill, promises
from goseventh.bench.crash.examiner import Tally
from goseventh.bench.crash.load import Load
from tests.forked import ForkedServer, Origin
from tests.proof import small
from tests.serving import Server, until
from tests.storage.disk import KILL, CountingDisk

_OTHERS_EVERY = 3
# About what ten commits take; and one that comes every second.
_OPERATIONS, _FEW = 60, 8
# Memory-queue refuses while more people wait in its memory than may.
_REFUSED = {"memory-queue": {503}}


class Victim(StrEnum):
    """Who is killed."""

    TREE = "every process"
    WORKER = "one worker"
    MAIN = "the main process"


def victims(cycles: int) -> list[Victim]:
    """Who is killed in turn: every process `cycles` times, and each of the others a third as often."""
    return [
        victim
        for cycle in range(cycles)
        for victim in Victim
        if victim is Victim.TREE or cycle % _OTHERS_EVERY == 0
    ]


@dataclass(frozen=True, slots=True)
class Strike:
    """One kill."""

    disk: CountingDisk
    victim: Victim
    operations: int
    """First a worker dies before its next operation on the disk of at most so many; with 0 none does."""

    def __call__(self, server: Server, load: Load, random: Random) -> str:
        where = str(self.victim)
        if self.operations:
            number = random.randrange(1, self.operations)
            self.disk.arm(number, KILL, persistent=False)
            until(self.disk.met)  # whoever comes to this operation has died of it
            where += f", one worker before operation {number}"
        match self.victim:
            case Victim.TREE:
                server.kill_all()
            case Victim.MAIN:
                os.kill(server.process.pid, signal.SIGKILL)
                server.process.wait()
            case Victim.WORKER:
                before = server.workers()
                os.kill(min(before), signal.SIGKILL)
                server.wait_for_workers(1, other_than=before)
                enough = len(load.acknowledged) + 50
                until(lambda: len(load.acknowledged) > enough)
        self.disk.lift()
        return where


def run(work: Path, strategy: str, cycles: int, step: Callable[[], None] = lambda: None) -> Tally:
    """Starts, loads and kills a server as `victims` says, and examines what each time is left.

    At a random moment, and in every other cycle right before a random operation of a worker on the disk: so
    in the midst of an append, of a move, or of a commit that may merge segments, a group in flight.
    """
    disk = CountingDisk(work, work)
    operations = _FEW if promises.of(strategy).kill else _OPERATIONS
    strikes: list[kill.Strike[Server]] = [
        Strike(disk, victim, operations if cycle % 2 else 0) for cycle, victim in enumerate(victims(cycles))
    ]

    with Origin(disk.variables) as origin:

        def start(directory: Path, variables: Mapping[str, str]) -> Server:
            flags = ("--strategy", strategy)
            return ForkedServer(
                origin, directory, *flags, program=(small.PROGRAM,), **disk.variables, **variables
            )

        return kill.run(
            work,
            strategy,
            start,
            strikes,
            refused=_REFUSED.get(strategy, ()),
            examined_by=small.EXAMINER,
            step=step,
        )
