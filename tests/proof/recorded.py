"""A recorded run of a server with small sizes, and whether the recording missed anything."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from goseventh.bench.crash import power_cut
from goseventh.bench.crash.images import Disk, Variant
from goseventh.bench.crash.power_cut import Run
from tests.proof import small
from tests.serving import Server


def record(
    work: Path, strategy: str, people: int, program: Sequence[str] = (small.PROGRAM,), flush_ms: int = 0
) -> Run:
    """Of a server of two workers; `program`: the module to run, and what comes before `serve`."""

    def begin(directory: Path, variables: Mapping[str, str]) -> Server:
        flags = ("--strategy", strategy, "--emulate-flush-ms", str(flush_ms))
        return Server(directory, *flags, workers=2, program=program, **variables)

    return power_cut.record(work, strategy, people, begin, flush_ms)


def assert_complete(run: Run, work: Path) -> None:
    """The recording missed nothing: what it says was written is what is there."""
    disk = Disk(run.root)
    disk.follow(run.events, len(run.events))
    disk.write(work / "whole", Variant.ALL, Random(0))
    assert _files(work / "whole") == _files(run.root)


def _files(root: Path) -> dict[str, bytes]:
    """Everything below `root` that LMDB does not make anew."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.endswith(("lock.mdb", "-lock", ".lock"))
    }
