"""Control groups that hold the servers of a run to so many CPUs and so much memory, and only them.

Version 1 has a hierarchy for CPUs and one for memory, and a group is made in this process's own. In version 2
only a group without processes of its own may hand its controllers down: where this process's own group has
any, as mostly, one beside it is tried, and what holds that one holds these too, but not what holds our own.
A process is put into what was made before it is said to hold anybody.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from goseventh.bench.results import Limits
from goseventh.cpus import group

ROOT = Path("/sys/fs/cgroup")
_PERIOD_US = 100_000
_EMPTY_SECONDS = 5.0
_SWAP_V1, _SWAP_V2 = "memory.memsw.limit_in_bytes", "memory.swap.max"
_SWAPS = Path("/proc/swaps")


class Held(NamedTuple):
    """What holds, and how servers get into it."""

    limits: Limits
    groups: Sequence[Path] = ()
    """Processes join each by writing their id into its `cgroup.procs`; none where nothing holds."""

    def strained(self) -> Iterator[str]:
        """A sentence for each way in which the limits did more than hold; ask before the groups go."""
        for place in self.groups:
            if killed := _oom_kills(place):
                yield f"{killed} processes of servers were killed, for they needed too much memory."


@contextmanager
def held(cpus: float | None, memory: int | None, root: Path = ROOT) -> Iterator[Held]:
    """What holds processes while the context lasts; none, and the reason in the limits, where nothing can."""
    if cpus is None and memory is None:
        yield Held(Limits())
        return
    made: list[Path] = []
    handed: list[tuple[Path, str]] = []
    try:
        version_2 = (root / "cgroup.controllers").exists()
        try:
            if version_2:
                _make_v2(root, cpus, memory, made, handed)
            else:
                _make_v1(root, cpus, memory, made)
            _try(made)
        except OSError as error:
            why = f"no control group could be made in {error.filename or root}: {error.strerror}"
            yield Held(Limits(why_not=why))
        else:
            limits = Limits(
                cpus,
                memory,
                "cgroup v2" if version_2 else "cgroup v1",
                swap=_swaps(made[-1]) if memory is not None else None,
            )
            yield Held(limits, tuple(made))
    finally:
        _remove(made)
        for file, controllers in handed:
            with suppress(OSError):  # somebody else uses them by now
                _set(file, controllers)


def _try(made: Sequence[Path]) -> None:
    """Puts a process into each group; raises OSError where that is not allowed."""
    with subprocess.Popen(
        [sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as probe:
        try:
            for group in made:
                _set(group / "cgroup.procs", probe.pid)
        finally:
            probe.kill()


def _make_v1(root: Path, cpus: float | None, memory: int | None, made: list[Path]) -> None:
    if cpus is not None:
        _make(_own_v1(root / "cpu", "cpu"), made)
        _set(made[-1] / "cpu.cfs_period_us", _PERIOD_US)
        _set(made[-1] / "cpu.cfs_quota_us", round(cpus * _PERIOD_US))
    if memory is not None:
        _make(_own_v1(root / "memory", "memory"), made)
        _set(made[-1] / "memory.limit_in_bytes", memory)
        with suppress(OSError):  # where the kernel counts no swap
            _set(made[-1] / _SWAP_V1, memory)  # with swap together: none


def _own_v1(root: Path, controller: str) -> Path:
    """This process's group; within a container its files stand at the root of the mount."""
    own = root / group(controller)
    return own if own.exists() else root


def _make_v2(
    root: Path, cpus: float | None, memory: int | None, made: list[Path], handed: list[tuple[Path, str]]
) -> None:
    """`handed`: what undoes it where a group was told to hand controllers down."""
    own = root / group("")
    wanted = [name for name, limit in (("cpu", cpus), ("memory", memory)) if limit is not None]
    for parent in (own, own.parent):
        offered = (
            (parent / "cgroup.subtree_control").read_text().split() if parent.is_relative_to(root) else []
        )
        missing = [name for name in wanted if name not in offered]
        try:
            if missing:
                control = parent / "cgroup.subtree_control"
                _set(control, " ".join(f"+{name}" for name in missing))
                handed.append((control, " ".join(f"-{name}" for name in missing)))
            _make(parent, made)
            break
        except OSError:
            if parent == own.parent or own == root:
                raise
    if cpus is not None:
        _set(made[-1] / "cpu.max", f"{round(cpus * _PERIOD_US)} {_PERIOD_US}")
    if memory is not None:
        _set(made[-1] / "memory.max", memory)
        with suppress(OSError):  # where the kernel counts no swap
            _set(made[-1] / _SWAP_V2, 0)


def _make(parent: Path, made: list[Path]) -> None:
    place = parent / f"goseventh-bench-{os.getpid()}"
    place.mkdir()
    made.append(place)


def _set(file: Path, value: str | int) -> None:
    # Opened by hand, for a file that is not there must not be made: these are the kernel's.
    descriptor = os.open(file, os.O_WRONLY)
    try:
        os.write(descriptor, str(value).encode())
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error
    finally:
        os.close(descriptor)


def _swaps(group: Path) -> bool:
    """Whether what a group's memory limit pushes out may go to a swap device."""
    held = any((group / name).exists() for name in (_SWAP_V1, _SWAP_V2))
    devices = _SWAPS.read_text().splitlines()[1:] if _SWAPS.exists() else []
    return bool(devices) and not held


def _oom_kills(group: Path) -> int:
    """How many processes in a group were killed for want of memory."""
    for name in ("memory.events", "memory.oom_control"):
        if (group / name).exists():
            found = re.search(r"^oom_kill (\d+)$", (group / name).read_text(), re.MULTILINE)
            return int(found[1]) if found else 0
    return 0


def _remove(made: list[Path]) -> None:
    """The kernel takes a group away when the last process in it is wholly gone, a moment after its end."""
    while made:
        deadline = time.monotonic() + _EMPTY_SECONDS
        place = made.pop()
        while place.exists():
            with suppress(OSError):
                place.rmdir()
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
