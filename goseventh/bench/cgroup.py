"""Control groups that hold the servers of a run to so many CPUs and so much memory, and only them.

They are made below this process's own group, so that nothing gets more than this process may have itself.
Version 1 has a hierarchy for CPUs and one for memory. In version 2 only a group without processes of its own
may hand its controllers down: where this process's own group has any, as mostly, one beside it is tried.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from goseventh.bench.results import Limits
from goseventh.cpus import group

ROOT = Path("/sys/fs/cgroup")
_PERIOD_US = 100_000
_EMPTY_SECONDS = 5.0


@contextmanager
def held(
    cpus: float | None, memory: int | None, root: Path = ROOT
) -> Iterator[tuple[Limits, Sequence[Path]]]:
    """Groups that processes join by writing their id into `cgroup.procs`; they go when the context ends.

    Yields what holds, and the groups. Where no group can be made, none, and the reason in the limits.
    """
    if cpus is None and memory is None:
        yield Limits(), ()
        return
    made: list[Path] = []
    try:
        version_2 = (root / "cgroup.controllers").exists()
        try:
            (_make_v2 if version_2 else _make_v1)(root, cpus, memory, made)
        except OSError as error:
            _remove(made)
            why = f"no control group could be made in {error.filename or root}: {error.strerror}"
            yield Limits(why_not=why), ()
        else:
            yield Limits(cpus, memory, "cgroup v2" if version_2 else "cgroup v1"), tuple(made)
    finally:
        _remove(made)


def _make_v1(root: Path, cpus: float | None, memory: int | None, made: list[Path]) -> None:
    if cpus is not None:
        _make(root / "cpu" / group("cpu"), made)
        _set(made[-1] / "cpu.cfs_period_us", _PERIOD_US)
        _set(made[-1] / "cpu.cfs_quota_us", round(cpus * _PERIOD_US))
    if memory is not None:
        _make(root / "memory" / group("memory"), made)
        _set(made[-1] / "memory.limit_in_bytes", memory)


def _make_v2(root: Path, cpus: float | None, memory: int | None, made: list[Path]) -> None:
    own = root / group("")
    wanted = [name for name, limit in (("cpu", cpus), ("memory", memory)) if limit is not None]
    for parent in (own, own.parent):
        offered = (
            (parent / "cgroup.subtree_control").read_text().split() if parent.is_relative_to(root) else []
        )
        missing = [name for name in wanted if name not in offered]
        try:
            if missing:
                _set(parent / "cgroup.subtree_control", " ".join(f"+{name}" for name in missing))
            _make(parent, made)
            break
        except OSError:
            if parent == own.parent or own == root:
                raise
    if cpus is not None:
        _set(made[-1] / "cpu.max", f"{round(cpus * _PERIOD_US)} {_PERIOD_US}")
    if memory is not None:
        _set(made[-1] / "memory.max", memory)


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
