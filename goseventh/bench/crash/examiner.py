"""Has `check.py` examine directories, in a process that is replaced when a broken file crashes it."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import orjson

from goseventh.bench.crash.check import Job, Verdict
from goseventh.bench.processes import piped

PROGRAM = ("goseventh.bench.crash.check",)


class Loss(NamedTuple):
    """What one crash came to."""

    told: int
    """People who had been acknowledged, promised or not."""
    missing: int
    """Those of them who are not there."""
    lost: int
    """Those who are not there, or differ, though promised."""


@dataclass
class Tally:
    """What many runs came to."""

    runs: int = 0
    acknowledged: int = 0
    """People who had to be there, over all runs."""
    told: int = 0
    """People who were acknowledged, promised or not, where that was counted."""
    lost: int = 0
    unreadable: int = 0
    """Stores that did not open, or in which something disagreed."""
    strangers: int = 0
    """People who had no right to be there."""
    missing: int = 0
    """People who were acknowledged and are not there: those lost, and those whom nothing was promised for."""
    each: list[Loss] = field(default_factory=list)
    """Run by run, where it was counted who was acknowledged."""
    rates: list[float] = field(default_factory=list)
    """Creations/s that were acknowledged before each crash, where that was counted."""
    answers: dict[int, int] = field(default_factory=dict)
    """Status → answers, where faults were injected."""
    examples: list[str] = field(default_factory=list)
    """The first faults."""

    def add(self, verdict: Verdict, must: int, where: str, told: int = 0) -> None:
        """`must`: how many had to be there; `told`: how many were acknowledged, promised or not."""
        self.runs += 1
        self.acknowledged += must
        self.told += told
        self.lost += verdict.lost
        self.unreadable += bool(verdict.faults)
        self.strangers += len(verdict.strangers)
        self.missing += verdict.missing
        self.each.append(Loss(told, verdict.missing, verdict.lost))
        if (verdict.lost or verdict.faults or verdict.strangers) and len(self.examples) < 5:
            what = "; ".join(verdict.faults[:2]) or f"strangers {verdict.strangers[:3]}"
            self.examples.append(f"{where}: {verdict.lost} of {must} lost; {what}")

    def merge(self, other: "Tally") -> None:
        self.runs += other.runs
        self.acknowledged += other.acknowledged
        self.told += other.told
        self.lost += other.lost
        self.unreadable += other.unreadable
        self.strangers += other.strangers
        self.missing += other.missing
        self.each += other.each
        self.rates += other.rates
        self.examples += other.examples
        for status, number in other.answers.items():
            self.answers[status] = self.answers.get(status, 0) + number

    def broken(self) -> list[str]:
        """What speaks against the store: nothing, if every promise was kept."""
        return self.examples


class Examiner:
    """One process that examines; a context."""

    def __init__(self, strategy: str, program: Sequence[str] = PROGRAM) -> None:
        """`program`: the module that examines, and its arguments."""
        self._strategy = strategy
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def examine(
        self,
        directory: Path,
        must: Mapping[str, bytes],
        may: Mapping[str, Mapping[str, Any]],
        told: Mapping[str, bytes],
    ) -> Verdict:
        """The verdict on `directory`.

        `must` maps ids to documents of those promised, `told` of all who were acknowledged by then; `may`
        nicknames to people.
        """
        documents = {key: whole.decode() for key, whole in must.items()}
        ids = {orjson.loads(document)["apelido"]: key for key, document in told.items()}
        job = Job(str(directory), self._strategy, documents, may, ids)
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(orjson.dumps(job._asdict()) + b"\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            self._process = None
            code = process.wait()
            process.communicate()
            why = f"reading it ended the process with {code}"
            return Verdict(len(must), [why], [], missing=len(told))
        return Verdict(**orjson.loads(line))

    def _start(self) -> "subprocess.Popen[bytes]":
        module, *arguments = self._program
        return piped.start(module, arguments, os.sched_getaffinity(0), stderr=subprocess.DEVNULL)
