"""What a run is measured on: CPU, memory, disk and how long its flush takes, kernel, versions, commit."""

import os
import platform
import shutil
import subprocess
import time
from importlib import metadata
from pathlib import Path

from goseventh.bench.percentiles import percentile
from goseventh.bench.results import Disk, Limits, Machine, Percentiles

_PACKAGES = ("sanic", "uvloop", "httptools", "lmdb", "orjson", "stringzilla", "numpy", "rapidfuzz")
_FORGETFUL = ("tmpfs", "ramfs", "rootfs")
_FLUSHES = 200
_PAGE = 4096


def describe(directory: Path, limits: Limits) -> Machine:
    """This machine; of the disk, the one that `directory` is on. Writes and removes a file there."""
    return Machine(
        cpu=_cpu(),
        cpus=len(os.sched_getaffinity(0)),
        memory_bytes=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        kernel=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        packages={name: metadata.version(name) for name in _PACKAGES},
        disk=_disk(directory),
        limits=limits,
    )


def commit() -> str | None:
    """Of the checkout that this runs from, with a + if it was changed since; None where there is none."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists() or shutil.which("git") is None:
        return None
    found = _git(root, "rev-parse", "--short=12", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return f"{found}+" if found and changed else found or None


def _git(root: Path, *arguments: str) -> str:
    ran = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    return ran.stdout.strip()


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _disk(directory: Path) -> Disk:
    kind = filesystem(directory, Path("/proc/self/mountinfo").read_text())
    return Disk(directory_kind=kind, in_memory=kind in _FORGETFUL, flush_ms=flushes(directory))


def filesystem(directory: Path, mounts: str) -> str:
    """The type of the filesystem that a directory is on; `mounts` are the lines of /proc/self/mountinfo."""
    where = directory.resolve()
    found: dict[Path, str] = {}
    for line in mounts.splitlines():
        mount, _, about = line.partition(" - ")
        place = Path(mount.split()[4].encode().decode("unicode_escape"))
        if where.is_relative_to(place):
            found[place] = about.split()[0]  # of several on one place the last is on top
    return found[max(found, key=lambda place: len(place.parts))] if found else "unknown"


def flushes(directory: Path) -> Percentiles:
    """How long a flush of one written page takes there."""
    file = directory / "flushes"
    taken = []
    try:
        with file.open("wb", buffering=0) as written:
            written.write(bytes(_PAGE))
            os.fsync(written.fileno())
            for _ in range(_FLUSHES):
                written.seek(0)
                begin = time.perf_counter()
                written.write(os.urandom(_PAGE))
                os.fdatasync(written.fileno())
                taken.append((time.perf_counter() - begin) * 1000)
    finally:
        file.unlink(missing_ok=True)
    taken.sort()
    return Percentiles(percentile(taken, 0.5) or 0.0, percentile(taken, 0.99) or 0.0)
