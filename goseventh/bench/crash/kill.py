"""`kill -9`: real servers killed under load, over and over, on one store for a while, and what is left."""

import os
import shutil
import time
from collections.abc import Callable, Container, Sequence
from pathlib import Path
from random import Random

import storage.lock
from goseventh.bench.crash import promises
from goseventh.bench.crash.examiner import PROGRAM, Examiner, Tally
from goseventh.bench.crash.load import Load, Person, by_id
from goseventh.bench.crash.running import AnyRunning, Start, until
from storage.errors import Unusable

# Times the window: how long the load is held before a kill, so that somebody is promised something by then.
_HELD = 1.2
_CLIENTS, _HELD_CLIENTS = 8, 2
# Each cycle examines everybody since the store was made: with ever more that would be most of the work.
_CYCLES_PER_STORE = 20
Strike = Callable[[AnyRunning, Load, Random], str]
"""Kills of a server under load whom it means to kill; says how, and returns when that has happened."""


def run(
    work: Path,
    strategy: str,
    start: Start[AnyRunning],
    strikes: Sequence[Strike[AnyRunning]],
    *,
    refused: Container[int | None] = (),
    examined_by: Sequence[str] = PROGRAM,
    step: Callable[[], None] = lambda: None,
) -> Tally:
    """For each strike starts and loads a server, has it killed at a random moment, and examines what is left.

    `refused`: what the strategy may answer beside 201. Raises ValueError for another answer.
    """
    tally = Tally()
    random = Random(11)
    window = promises.of(strategy).kill
    with Examiner(strategy, examined_by) as examiner:
        for cycle, strike in enumerate(strikes):
            if cycle % _CYCLES_PER_STORE == 0:
                shutil.rmtree(work / "data", ignore_errors=True)
                promised: dict[str, bytes] = {}
                sent: dict[str, Person] = {}
            with start(work / "data", {}) as server:
                load = Load(server, f"{cycle}.")
                with load.running(_HELD_CLIENTS if window else _CLIENTS):
                    enough = random.randrange(20, 200)
                    until(lambda load=load, enough=enough: len(load.acknowledged) > enough)  # type: ignore[misc]
                    time.sleep(_HELD * window + random.random() * 0.02)
                    killed = time.monotonic()
                    where = strike(server, load, random)
                    load.stopped.set()
                others = {reply.status for reply in load.others if reply.status not in refused}
                if others:
                    raise ValueError(f"a killed server answered {sorted(others)}")
            until(lambda: _is_left(work / "data"))
            moments = by_id(load.moments)
            tally.rates.append(len(moments) / (killed - load.begun))
            told = by_id(load.acknowledged)
            promised |= {
                key: document
                for key, document in told.items()
                if window == 0 or moments[key] <= killed - window
            }
            sent |= load.sent
            copy = work / "copy"
            shutil.copytree(work / "data", copy)
            verdict = examiner.examine(copy, promised, sent, told)
            tally.add(verdict, len(promised), f"cycle {cycle}, {where}", len(told))
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
