"""The speed of CPUs is watched by a process of its own, on those CPUs."""

import os
import signal
import time
from pathlib import Path

import pytest

from goseventh.bench.processes.cpu_speed import CpuSpeed, WatcherDied
from tests.serving import until

from .children import running


def test_each_lap_has_a_speed_of_its_own() -> None:
    with CpuSpeed({0}) as speed:
        [pid] = running("processes.cpu_speed")
        for _ in range(3):
            speed.begin()
            assert speed.end() > 0
        assert os.sched_getaffinity(pid) == {0}
    assert running("processes.cpu_speed") == []


def test_between_laps_it_takes_no_cpu() -> None:
    with CpuSpeed({0}) as speed:
        speed.begin()
        speed.end()
        runs = Path(f"/proc/{running('processes.cpu_speed')[0]}/schedstat")  # how often, as the third number

        def waits() -> bool:
            before = runs.read_text()
            time.sleep(0.1)
            return runs.read_text() == before

        until(waits)


def test_a_watcher_that_ended_is_told() -> None:
    with CpuSpeed({0}) as speed:
        speed.begin()
        os.kill(running("processes.cpu_speed")[0], signal.SIGKILL)
        with pytest.raises(WatcherDied, match="ended with -9"):
            speed.end()
