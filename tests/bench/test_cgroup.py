"""Limits hold the servers indeed, and are never silently ignored."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from goseventh.bench import child
from goseventh.bench.cgroup import held
from tests.serving import alive, until

CPUS, MEMORY = 0.5, 256 << 20


def test_a_child_is_in_the_groups_and_they_go_with_the_context() -> None:
    with held(CPUS, MEMORY) as (limits, groups):
        if limits.held_by is None:
            pytest.skip(f"control groups: {limits.why_not}")
        assert (limits.cpus, limits.memory_bytes, limits.why_not) == (CPUS, MEMORY, None)
        ours = child.command("timeit", ("-n1", "-r1", "-s", "import os, time", "time.sleep(30)"), {0}, groups)
        with subprocess.Popen(ours, stdout=subprocess.DEVNULL) as process:
            try:
                wait_for_member(groups, process.pid)
                assert quota(groups) == CPUS
                assert MEMORY in [number(group / name) for group in groups for name in MEMORY_FILES]
                assert os.sched_getaffinity(process.pid) == {0}
            finally:
                process.kill()
    assert not any(group.exists() for group in groups)


MEMORY_FILES = ("memory.max", "memory.limit_in_bytes")


def wait_for_member(groups: Sequence[Path], pid: int) -> None:
    for group in groups:
        until(lambda group=group: str(pid) in (group / "cgroup.procs").read_text().split())  # type: ignore[misc]


def quota(groups: Sequence[Path]) -> float:
    """CPUs, as the kernel has them."""
    for group in groups:
        if (group / "cpu.max").exists():
            most, period = (group / "cpu.max").read_text().split()
            return int(most) / int(period)
        if (group / "cpu.cfs_quota_us").exists():
            return number(group / "cpu.cfs_quota_us") / number(group / "cpu.cfs_period_us")
    raise AssertionError("no group limits CPUs")


def number(file: Path) -> int:
    return int(file.read_text()) if file.exists() else 0


def test_what_cannot_be_held_is_said(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu memory")
    with held(CPUS, None, root=tmp_path) as (limits, groups):
        assert (limits.cpus, limits.held_by, groups) == (None, None, ())
        assert limits.why_not is not None
        assert limits.why_not.startswith("no control group could be made in ")


def test_nothing_is_made_where_nothing_is_asked_for() -> None:
    with held(None, None) as (limits, groups):
        assert (limits.cpus, limits.memory_bytes, limits.why_not, groups) == (None, None, None, ())


def test_a_child_ends_with_its_parent() -> None:
    """Even with one that is killed: the kernel sees to it."""
    script = (
        "import subprocess, sys, time; from goseventh.bench import child;"
        "p = subprocess.Popen(child.command('timeit', ['-n1', '-r1', '-s', 'import time', 'time.sleep(60)'],"
        " {0}, ())); print(p.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        until(lambda: b"timeit" in Path(f"/proc/{pid}/cmdline").read_bytes())
        until(lambda: os.sched_getaffinity(pid) == {0})  # tied by now
        parent.kill()
    until(lambda: not alive(pid))
