"""The `kill -9` proof: real servers killed under load, over and over, on one store."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from random import Random

from tests.load import Load, Person, by_id
from tests.proof import promises
from tests.proof.examiner import Examiner, Tally
from tests.serving import Server, alive, until

_OTHERS_EVERY = 3


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
    """Starts, loads and kills a server as `victims` says, and examines what each time is left."""
    tally = Tally()
    random = Random(11)
    window = promises.of(strategy).kill
    promised: dict[str, bytes] = {}
    sent: dict[str, Person] = {}
    with Examiner(strategy) as examiner:
        for cycle, victim in enumerate(victims(cycles)):
            with Server(work / "data", "--strategy", strategy, workers=2) as server:
                load = Load(server, f"{cycle}.")
                workers = server.workers()
                with load.running():
                    enough = random.randrange(20, 200)
                    until(lambda load=load, enough=enough: len(load.acknowledged) > enough)  # type: ignore[misc]
                    time.sleep(random.random() * 0.02)
                    killed = time.monotonic()
                    _kill(server, victim, load)
                    load.stopped.set()
                assert load.others == []
            until(lambda workers=workers: not any(map(alive, workers)))  # type: ignore[misc]
            moments = by_id(load.moments)
            for key, document in by_id(load.acknowledged).items():
                if window == 0 or moments[key] <= killed - window:
                    promised[key] = document
            sent |= load.sent
            copy = work / "copy"
            shutil.copytree(work / "data", copy)
            tally.add(examiner.examine(copy, promised, sent), len(promised), f"cycle {cycle}, {victim}")
            shutil.rmtree(copy)
            step()
    return tally


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
