"""The processes that a benchmark started."""

import os
from pathlib import Path


def running(module: str, parent: int | None = None) -> list[int]:
    """Process ids of those, below this process or another, that run a module of the benchmark."""
    pid = parent or os.getpid()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    name = f"goseventh.bench.{module}".encode()
    return [int(pid) for pid in children if name in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
