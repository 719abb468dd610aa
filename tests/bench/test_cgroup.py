"""Limits hold the servers indeed, and are never silently ignored."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from goseventh.bench.processes import cgroup, child
from goseventh.bench.processes.cgroup import held
from goseventh.bench.results import Limits
from tests.serving import alive, until

CPUS, MEMORY = 0.5, 256 << 20


def test_a_child_is_in_the_groups_and_they_go_with_the_context() -> None:
    with held(CPUS, MEMORY) as (limits, groups):
        skip_unless_held(limits)
        assert (limits.cpus, limits.memory_bytes, limits.why_not) == (CPUS, MEMORY, None)
        ours = child.command("timeit", ("-n1", "-r1", "-s", "import os, time", "time.sleep(30)"), {0}, groups)
        with subprocess.Popen(ours, stdout=subprocess.DEVNULL) as process:
            try:
                wait_for_member(groups, process.pid)
                assert quota(groups) == CPUS
                assert MEMORY in [number(group / name) for group in groups for name in MEMORY_FILES]
                for group in groups:  # no swap beyond that, where there is such a limit at all
                    assert (
                        not (group / "memory.memsw.limit_in_bytes").exists()
                        or number(group / "memory.memsw.limit_in_bytes") == MEMORY
                    )
                assert os.sched_getaffinity(process.pid) == {0}
            finally:
                process.kill()
    assert not any(group.exists() for group in groups)


def skip_unless_held(limits: Limits) -> None:
    if limits.held_by is None:
        pytest.skip(f"control groups: {limits.why_not}")


def test_who_needs_more_memory_is_killed_and_that_is_said() -> None:
    with held(None, MEMORY // 2) as limits:
        skip_unless_held(limits.limits)
        assert list(limits.strained()) == []
        greedy = child.command("timeit", ("-n1", "-r1", f"bytearray({MEMORY})"), {0}, limits.groups)
        assert subprocess.run(greedy, check=False, capture_output=True).returncode == -signal.SIGKILL
        [sentence] = limits.strained()
        assert sentence.startswith("1 processes of servers were killed")


FILES = ("cpu.max", "memory.max", "memory.swap.max", "cgroup.procs", "memory.events")


@pytest.fixture
def version_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up hierarchy of version 2: its groups have their files as soon as they are made."""
    make = cgroup._make

    def filled(parent: Path, made: list[Path]) -> None:
        make(parent, made)
        for name in FILES:
            (made[-1] / name).touch()

    def remove(made: list[Path]) -> None:
        for place in made:
            shutil.rmtree(place)

    monkeypatch.setattr(cgroup, "_make", filled)
    monkeypatch.setattr(cgroup, "_remove", remove)
    monkeypatch.setattr(cgroup, "group", lambda controller: "own")
    (tmp_path / "cgroup.controllers").write_text("cpu memory")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "cgroup.subtree_control").touch()
    return tmp_path


def test_version_2_is_told_what_it_needs_and_left_as_it_was(version_2: Path) -> None:
    control = version_2 / "own" / "cgroup.subtree_control"
    with held(1.5, MEMORY, root=version_2) as limits:
        assert limits.limits == Limits(1.5, MEMORY, "cgroup v2", swap=False)
        [place] = limits.groups
        assert place.parent == version_2 / "own"
        assert (place / "cpu.max").read_text() == "150000 100000"
        assert (place / "memory.max").read_text() == str(MEMORY)
        assert (place / "memory.swap.max").read_text() == "0"
        assert int((place / "cgroup.procs").read_text()) > 1
        assert control.read_text() == "+cpu +memory"
        (place / "memory.events").write_text("oom 3\noom_kill 2\n")
        assert [one[:11] for one in limits.strained()] == ["2 processes"]
    assert not place.exists()
    assert control.read_text() == "-cpu -memory"


def test_a_group_that_nobody_may_join_holds_nobody(version_2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.FILES", FILES[:3])
    with held(1.5, MEMORY, root=version_2) as (limits, groups):
        assert (limits.held_by, groups) == (None, ())
        assert limits.why_not is not None
        assert limits.why_not.endswith("cgroup.procs: No such file or directory")


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
        "import subprocess, sys, time; from goseventh.bench.processes import child;"
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
