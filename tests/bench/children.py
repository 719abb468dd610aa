"""The processes that a benchmark started from this one."""

import os
from pathlib import Path


def running(module: str) -> list[int]:
    """Process ids of those that run a module of the benchmark."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    name = f"goseventh.bench.{module}".encode()
    return [int(pid) for pid in children if name in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
