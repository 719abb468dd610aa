"""How many CPUs this process may use, and how many workers serve best on them."""

import math
import os
from pathlib import Path

SWITCH_SECONDS = 0.0005
"""What a worker sets: its commit thread gives up the GIL at every LMDB call, and wants it back sooner than by
default (5 ms)."""
_V2 = Path("/sys/fs/cgroup")
_V1 = Path("/sys/fs/cgroup/cpu")


def allowed(group_v2: Path = _V2, group_v1: Path = _V1) -> float:
    """CPUs by affinity, or by the quota of the process's own control group where that is less."""
    quotas = (_quota_v2(group_v2), _quota_v1(group_v1))
    return min([float(len(os.sched_getaffinity(0))), *(quota for quota in quotas if quota is not None)])


def best_workers(cpus: float | None = None) -> int:
    """One worker for each CPU, rounded to the nearest: measured, see the README."""
    return max(1, math.floor((allowed() if cpus is None else cpus) + 0.5))


def group(controller: str) -> str:
    """The path of this process's control group below a hierarchy's mount; of version 2 for an empty name."""
    for line in _read(Path("/proc/self/cgroup")).splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(",") if controller else not controllers:
            return path.lstrip("/")
    return ""


def _places(root: Path, controller: str) -> list[Path]:
    """This process's group and those around it, each of which may have a quota.

    Within a container the group's own files stand at the root of the mount.
    """
    own = root / group(controller)
    return [place for place in (own, *own.parents) if place.is_relative_to(root)]


def _quota_v2(root: Path) -> float | None:
    quotas = []
    for place in _places(root, ""):
        quota, _, period = _read(place / "cpu.max").partition(" ")
        if quota.isdigit():
            quotas.append(int(quota) / int(period))
    return min(quotas, default=None)


def _quota_v1(root: Path) -> float | None:
    quotas = []
    for place in _places(root, "cpu"):
        quota, period = _read(place / "cpu.cfs_quota_us"), _read(place / "cpu.cfs_period_us")
        if quota.strip().isdigit() and period.strip().isdigit():
            quotas.append(int(quota) / int(period))
    return min(quotas, default=None)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
