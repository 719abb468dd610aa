"""What parts stand on while they measure: servers and generators, which end with the run."""

import shutil
import subprocess
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from goseventh.bench.closed_load.saturation import Generators
from goseventh.bench.plan import Plan
from goseventh.bench.processes import child
from goseventh.bench.processes.cores import Placement, place
from goseventh.bench.processes.server import NotServing, Server, ended, serve

Tell = Callable[[str, float], None]
"""Says that a step is over, and how many seconds it was meant to take."""


class Warned(NamedTuple):
    """Something that makes figures worth less."""

    sentence: str
    part: str
    """Whose figures; empty for those of the whole run."""


class OwnRig:
    """See `parts.shape.Rig`; a context that ends whatever still runs."""

    def __init__(
        self,
        plan: Plan,
        directory: Path,
        cpus: Collection[int],
        groups: Sequence[Path],
        tell: Tell,
    ) -> None:
        """`cpus` there are for servers and load; `groups` hold the servers."""
        self.plan = plan
        self.place = directory
        self.tell = tell
        self.part = ""
        """Which is measured now, and so warned of."""
        self.warned: list[Warned] = []
        self.failed = False
        self._cpus, self._groups = cpus, groups
        self._closing = ExitStack()
        self._generators: dict[Placement, Generators] = {}

    def __enter__(self) -> "OwnRig":
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def clear(self) -> None:
        """An empty place for the next part."""
        for entry in self.place.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    @property
    def warnings(self) -> list[str]:
        """What was said so far, once each."""
        return [one.sentence for one in self.warned]

    def warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warned.append(Warned(sentence, self.part))

    def fail(self, sentence: str) -> None:
        self.failed = True
        self.warn(sentence)

    def placement(self, workers: int) -> Placement:
        return place(self._cpus, workers)

    def serve(
        self,
        directory: Path,
        strategy: str,
        workers: int,
        flush_ms: int = 0,
        variables: Mapping[str, str] | None = None,
    ) -> Server:
        cpus = self.placement(workers).server
        return serve(
            directory, strategy, workers, flush_ms, cpus=cpus, groups=self._groups, variables=variables
        )

    def start(self, module: str, *arguments: str, workers: int, limited: bool = True) -> Server:
        groups = self._groups if limited else ()
        return Server(module, *arguments, cpus=self.placement(workers).server, groups=groups)

    def run(
        self,
        module: str,
        *arguments: str,
        loads: int | None = None,
        limited: bool = True,
        allowed: Collection[int] = (0,),
    ) -> bytes:
        cpus = self._cpus if loads is None else chain.from_iterable(self.placement(loads).generators)
        process = subprocess.Popen(
            child.command(module, arguments, set(cpus), self._groups if limited else ()),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the benchmark
        )
        try:
            output, errors = process.communicate()
        except BaseException:
            process.terminate()  # it may have processes of its own, which it then ends
            process.communicate()
            raise
        if process.returncode not in allowed:
            raise NotServing(ended(module, process.returncode, errors.decode(errors="replace")))
        return output

    def generators(self, workers: int) -> Generators:
        own = self.placement(workers)
        if own not in self._generators or self._generators[own].ended:
            self._generators[own] = self._closing.enter_context(Generators(own.generators, own.server))
        return self._generators[own]
