"""Compiles libraries that stand between a server and its disk."""

import subprocess
import tempfile
from functools import cache
from pathlib import Path

COMPILER = "cc"


def build(source: Path, library: Path) -> Path:
    """Makes a library to preload; returns its path."""
    library.unlink(missing_ok=True)  # a process that has it mapped keeps what it has
    library.write_bytes(_compiled(source))
    return library


@cache
def _compiled(source: Path) -> bytes:
    """Compiles once a process: a proof makes hundreds of disks, each with a library of its own."""
    flags = ["-shared", "-fPIC", "-O2", "-Wall", "-Werror"]
    with tempfile.TemporaryDirectory() as place:
        made = Path(place) / "library.so"
        subprocess.run([COMPILER, *flags, "-o", str(made), str(source), "-ldl"], check=True)
        return made.read_bytes()
