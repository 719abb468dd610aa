"""A child of the benchmark that is told over its standard input what to do, and tells over its output."""

import subprocess
from collections.abc import Collection, Sequence
from typing import IO

from goseventh.bench.processes import child


def start(
    module: str, arguments: Sequence[str], cpus: Collection[int], stderr: int | IO[bytes] | None = None
) -> "subprocess.Popen[bytes]":
    """Runs on `cpus`, and outlives neither this process nor `end`."""
    return subprocess.Popen(
        child.command(module, arguments, cpus, ()),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,  # Ctrl-C is for the benchmark
    )


def end(process: "subprocess.Popen[bytes]") -> None:
    """At once, whatever it does."""
    process.kill()
    process.communicate()
