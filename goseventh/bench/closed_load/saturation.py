"""Saturating a server: the load generator's processes, on CPUs of their own, and what they found together."""

import pickle
import subprocess
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from goseventh.bench.closed_load.asking import Asking
from goseventh.bench.closed_load.job import GO, READY, Job, Outcome, histogram
from goseventh.bench.processes import piped
from goseventh.bench.processes.cpu_speed import CpuSpeed

USERS = 64
"""Connections in all, each with one request outstanding."""


class GeneratorDied(Exception):
    """A process of the load generator ended; it has said why on standard error."""


@dataclass(frozen=True, slots=True)
class Saturated:
    """What a server did under load."""

    answered: int
    """Right answers that came in the counted time: not those of the warm-up."""
    per_second: float
    latencies: int
    """How many requests the next two are of: those sent in the counted time and rightly answered."""
    p50: float
    """ms, as the next."""
    p99: float
    acknowledged: int
    """All who were created, counted or not."""
    refused: int
    wrong: Counter[str]
    ran_out: bool
    """Whether there was nothing left to ask for before the time was over."""
    share: float
    """Of its CPU that the busiest process of the generator took: near 1 it was itself what was measured."""
    created: Sequence[tuple[str, int]]
    cpu_speed: float
    """Of the servers' CPUs meanwhile, see `cpu_speed`."""


class Generators:
    """Processes that generate load, one on each group of CPUs; a context.

    Whatever goes wrong while they do ends all of them: nobody knows what the others are in the middle of.
    """

    def __init__(self, cpus: Sequence[Collection[int]], servers: Collection[int]) -> None:
        """`servers` are the CPUs of those who are loaded."""
        with ExitStack() as closing:
            self._cpu_speed = closing.enter_context(CpuSpeed(servers))
            self._processes = []
            for own in cpus:
                process = piped.start("goseventh.bench.closed_load.generator", (), own)
                closing.callback(piped.end, process)
                self._processes.append(process)
            self._closing = closing.pop_all()
        self.ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def saturate(self, url: str, askings: Sequence[Asking], seconds: float, users: int = USERS) -> Saturated:
        """Has `users` ask the server at `url` for so long; of `askings` each process takes one in turn.

        Raises GeneratorDied or WatcherDied.
        """
        try:
            return self._saturate(url, askings, seconds, users)
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        self.ended = True
        self._closing.close()

    def _saturate(self, url: str, askings: Sequence[Asking], seconds: float, users: int) -> Saturated:
        count = len(self._processes)
        for number, process in enumerate(self._processes):
            share = users // count + (number < users % count)
            job = Job(url, askings[number % len(askings)], share, seconds)
            _send(process, pickle.dumps(job))
        for process in self._processes:
            assert process.stdout is not None
            if process.stdout.readline() != READY:
                raise GeneratorDied(f"the load generator ended with {process.wait()}")
        self._cpu_speed.begin()
        for process in self._processes:
            _send(process, GO)
        outcomes = [_outcome(process) for process in self._processes]
        return _together(outcomes, self._cpu_speed.end())


def _send(process: "subprocess.Popen[bytes]", message: bytes) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # its answer, which is none, tells
        process.stdin.write(message)
        process.stdin.flush()


def _outcome(process: "subprocess.Popen[bytes]") -> Outcome:
    assert process.stdout is not None
    try:
        outcome: Outcome = pickle.load(process.stdout)
    except EOFError:
        raise GeneratorDied(f"the load generator ended with {process.wait()}") from None
    return outcome


def _together(outcomes: Sequence[Outcome], cpu_speed: float) -> Saturated:
    latencies = histogram()
    for outcome in outcomes:
        latencies.decode_and_add(outcome.histogram)
    return Saturated(
        answered=sum(one.answered for one in outcomes),
        per_second=sum(one.answered / one.seconds for one in outcomes if one.seconds),
        latencies=latencies.get_total_count(),
        p50=latencies.get_value_at_percentile(50) / 1000,
        p99=latencies.get_value_at_percentile(99) / 1000,
        acknowledged=sum(one.acknowledged for one in outcomes),
        refused=sum(one.refused for one in outcomes),
        ran_out=any(one.ran_out for one in outcomes),
        wrong=sum((one.wrong for one in outcomes), Counter()),
        share=max(one.cpu_seconds / one.busy_seconds for one in outcomes),
        created=[path for one in outcomes for path in one.created],
        cpu_speed=cpu_speed,
    )
