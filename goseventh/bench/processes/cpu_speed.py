"""How fast CPUs are while something is measured on them: one small piece of work, timed again and again.

A virtual CPU may lose half of its speed whenever somebody else is busy on the other half of its core, many
times a second. `python -m goseventh.bench.processes.cpu_speed` is the process that watches it, at the cost of
1 % of one CPU: of those that it is given, whichever the kernel has it run on.
"""

import os
import select
import sys
import time
from collections.abc import Collection
from contextlib import suppress
from types import TracebackType
from typing import Self

from goseventh.bench.processes import piped
from goseventh.output import output

_PAUSE_SECONDS = 0.01
"""Between two pieces of work, which take a hundredth of it."""
_STEPS = 1_000
_TICK = 1e-6
"""Seconds: no clock's step makes a piece of work endlessly fast."""


class WatcherDied(Exception):
    """The process that watches ended; it has said why on standard error."""


class CpuSpeed:
    """Watches CPUs from `begin` to `end`, as often as one likes; a context."""

    def __init__(self, cpus: Collection[int]) -> None:
        """Returns when it can begin at once. Raises WatcherDied."""
        self._process = piped.start(__spec__.name, (), cpus)
        try:
            self.begin()
            self.end()
        except BaseException:
            piped.end(self._process)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        piped.end(self._process)

    def begin(self) -> None:
        """From now on."""
        self._say()

    def end(self) -> float:
        """Pieces of work that a second of CPU time was worth since then, on average. Raises WatcherDied."""
        self._say()
        assert self._process.stdout is not None
        found = self._process.stdout.readline()
        if not found:
            raise WatcherDied(f"who watches the CPUs' speed ended with {self._process.wait()}")
        return float(found)

    def _say(self) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # which `end` tells
            self._process.stdin.write(_WORD)
            self._process.stdin.flush()


_WORD = b"\n"


def _speed() -> float:
    """Pieces of work a second, by the time that one took. What else ran meanwhile does not count."""
    begin = time.thread_time()
    total = 0
    for step in range(_STEPS):
        total += step * step
    return 1 / max(_TICK, time.thread_time() - begin)


def main() -> None:
    """From one word to the next, again and again, and then tells the mean."""
    listened, write = sys.stdin.fileno(), output()
    while os.read(listened, len(_WORD)):
        speeds = [_speed()]
        while not select.select([listened], (), (), _PAUSE_SECONDS)[0]:
            speeds.append(_speed())
        if not os.read(listened, len(_WORD)):
            return
        write.write(b"%.1f\n" % (sum(speeds) / len(speeds)))
        write.flush()


if __name__ == "__main__":
    main()
