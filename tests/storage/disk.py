"""Builds `disk.c` and plans its faults."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).with_name("disk.c")


class FaultyDisk:
    """A disk under a server that is started with `variables`; sound until told otherwise."""

    def __init__(self, directory: Path) -> None:
        self._plan = directory / "faults"
        library = directory / "disk.so"
        command = [
            "cc",
            "-shared",
            "-fPIC",
            "-O2",
            "-Wall",
            "-Werror",
            "-o",
            str(library),
            str(SOURCE),
            "-ldl",
        ]
        subprocess.run(command, check=True)
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
