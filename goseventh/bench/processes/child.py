"""A process that the benchmark started: ends with it, on CPUs and in control groups that it is told.

`python -m goseventh.bench.processes.child TIES MODULE ARGUMENT…` ties itself as TIES says and runs MODULE. It
does so before it imports anything large, so that whatever follows, and whoever it forks, is tied from the
start.
"""

import json
import os
import runpy
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from goseventh.supervisor import die_with


class Ties(NamedTuple):
    """What holds a process."""

    parent: int
    """Process id of the benchmark: the kernel kills this one when that has ended, however it ends."""
    cpus: Sequence[int]
    """Those it may run on."""
    groups: Sequence[str]
    """Directories of the control groups to join."""


def command(
    module: str, arguments: Sequence[str], cpus: Collection[int], groups: Sequence[Path]
) -> list[str]:
    """The command line of a child of this very process, on its main thread."""
    ties = Ties(os.getpid(), sorted(cpus), [str(group) for group in groups])
    return [sys.executable, "-m", __spec__.name, json.dumps(ties), module, *arguments]


def main() -> None:
    ties = Ties(*json.loads(sys.argv[1]))
    die_with(ties.parent)
    os.sched_setaffinity(0, ties.cpus)
    for group in ties.groups:
        (Path(group) / "cgroup.procs").write_text(str(os.getpid()))
    del sys.argv[:2]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
