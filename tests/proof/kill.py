"""The `kill -9` proof: real servers killed under load, over and over, on one store for a while."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from random import Random

import storage.lock
from storage.errors import Unusable
from tests.load import Load, Person, by_id
from tests.proof import promises, small
from tests.proof.examiner import Examiner, Tally
from tests.serving import Server, until
from tests.storage.disk import KILL, CountingDisk

_OTHERS_EVERY = 3
# Each cycle examines everybody since the store was made: with ever more that would be most of the work.
_CYCLES_PER_STORE = 20
# About what ten commits take; and one that comes every second.
_OPERATIONS, _FEW = 60, 8
# Times the window: how long the load is held before a kill, so that somebody is promised something by then.
_HELD = 1.2
_CLIENTS, _HELD_CLIENTS = 8, 2
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


def run(work: Path, strategy: str, cycles: int, step: Callable[[], None] = lambda: None) -> Tally:
    """Starts, loads and kills a server as `victims` says, and examines what each time is left.

    At a random moment, and in every other cycle right before a random operation of a worker on the disk: so
    in the midst of an append, of a move, or of a commit that may merge segments, a group in flight.
    """
    tally = Tally()
    random = Random(11)
    window = promises.of(strategy).kill
    disk = CountingDisk(work, work)
    with Examiner(strategy) as examiner:
        for cycle, victim in enumerate(victims(cycles)):
            if cycle % _CYCLES_PER_STORE == 0:
                shutil.rmtree(work / "data", ignore_errors=True)
                promised: dict[str, bytes] = {}
                sent: dict[str, Person] = {}
            where = f"cycle {cycle}, {victim}"
            with Server(
                work / "data", "--strategy", strategy, workers=2, program=(small.PROGRAM,), **disk.variables
            ) as server:
                load = Load(server, f"{cycle}.")
                with load.running(_HELD_CLIENTS if window else _CLIENTS):
                    enough = random.randrange(20, 200)
                    until(lambda load=load, enough=enough: len(load.acknowledged) > enough)  # type: ignore[misc]
                    time.sleep(_HELD * window + random.random() * 0.02)
                    if cycle % 2:
                        where += _kill_in_an_operation(
                            disk, random.randrange(1, _FEW if window else _OPERATIONS)
                        )
                    killed = time.monotonic()
                    _kill(server, victim, load)
                    load.stopped.set()
                disk.lift()
                assert {reply.status for reply in load.others} <= _REFUSED.get(strategy, set())
            until(lambda: _is_left(work / "data"))
            moments = by_id(load.moments)
            told = by_id(load.acknowledged)
            promised |= {
                key: document
                for key, document in told.items()
                if window == 0 or moments[key] <= killed - window
            }
            sent |= load.sent
            copy = work / "copy"
            shutil.copytree(work / "data", copy)
            tally.add(examiner.examine(copy, promised, sent, told), len(promised), where)
            shutil.rmtree(copy)
            step()
    return tally


def _is_left(directory: Path) -> bool:
    """Whether every process of the server has ended, later workers too: all of them hold its lock."""
    try:
        os.close(storage.lock.take(directory))
    except Unusable:
        return False
    return True


def _kill_in_an_operation(disk: CountingDisk, number: int) -> str:
    """Waits until the worker that comes to this operation has died of it; says so."""
    disk.arm(number, KILL, persistent=False)
    until(disk.met)
    return f", one worker before operation {number}"


def _kill(server: Server, victim: Victim, load: Load) -> None:
    match victim:
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
