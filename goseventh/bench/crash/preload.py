"""Compiles libraries that stand between a server and its disk."""

import subprocess
from pathlib import Path

COMPILER = "cc"


def build(source: Path, library: Path) -> Path:
    """Compiles a library to preload; returns its path."""
    flags = ["-shared", "-fPIC", "-O2", "-Wall", "-Werror"]
    subprocess.run([COMPILER, *flags, "-o", str(library), str(source), "-ldl"], check=True)
    return library
