"""Which CPUs the servers of a measurement get and which the load generator: a pure function."""

from collections.abc import Collection
from typing import NamedTuple


class Placement(NamedTuple):
    """CPUs by their numbers."""

    server: tuple[int, ...]
    generators: tuple[tuple[int, ...], ...]
    """Those of each process of the load generator."""

    @property
    def shared(self) -> bool:
        """Whether a server and a generator may meet on one CPU, and take time from each other."""
        return any(set(self.server) & set(cpus) for cpus in self.generators)


_WORKERS_EACH = 4
"""Workers that one generator process keeps busy: it does far less for a request than a worker does."""


def place(cpus: Collection[int], workers: int) -> Placement:
    """Each generator process on a CPU of its own, the server on all others, if those are one for each worker.

    Else nobody is bound: on fewer CPUs the kernel shares them out better than any rule.
    """
    every = tuple(sorted(cpus))
    processes = -(-workers // _WORKERS_EACH)
    if len(every) < workers + processes:
        return Placement(every, (every,) * processes)
    return Placement(every[:-processes], tuple((cpu,) for cpu in every[-processes:]))
