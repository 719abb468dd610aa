"""Builds `disk.c` and plans its faults."""

import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from goseventh.bench.crash.preload import build

SOURCE = Path(__file__).with_name("disk.c")
KILL = 9999
"""In place of an errno, as in disk.c: the process is killed before the operation."""
_PLAN = struct.Struct("QQQII")


class FaultyDisk:
    """A disk under a server that is started with `variables`; sound until told otherwise."""

    def __init__(self, directory: Path) -> None:
        self._plan = directory / "faults"
        library = build(SOURCE, directory / "disk.so")
        self.variables = {"LD_PRELOAD": str(library), "DISK_FAULTS": str(self._plan)}

    @contextmanager
    def failing(self, kind: str, code: int) -> Iterator[None]:
        """While it lasts, calls of a `kind` (see disk.c) fail with the errno `code` in every process."""
        prepared = self._plan.with_suffix(".new")
        prepared.write_text(f"{kind} {code}\n")
        prepared.rename(self._plan)
        try:
            yield
        finally:
            self._plan.unlink()


class CountingDisk:
    """A disk whose N-th operation fails, below `root`, under servers that are started with `variables`."""

    def __init__(self, work: Path, root: Path) -> None:
        plan = work / "plan"
        plan.write_bytes(bytes(_PLAN.size))
        with plan.open("r+b") as file:
            self._plan = mmap.mmap(file.fileno(), _PLAN.size)
        self.library = build(SOURCE, work / "disk.so")
        self.variables = {
            "LD_PRELOAD": str(self.library),
            "DISK_PLAN": str(plan),
            "DISK_ROOT": str(root.resolve()),
        }

    def arm(self, number: int, code: int, *, persistent: bool) -> None:
        """Has the operation of that number, counted from now and from 1, fail with the errno `code`.

        `persistent`: and all that follow. Nothing may be running on the disk meanwhile.
        """
        self._plan[:] = _PLAN.pack(0, number, 0, code, persistent)

    def met(self) -> int:
        """How many operations have failed since it was armed."""
        met: int = _PLAN.unpack(self._plan)[2]
        return met

    def lift(self) -> int:
        """Ends all faults; how many there were."""
        met = self.met()
        self._plan[:] = bytes(_PLAN.size)
        return met
