"""`make proof`: every write strategy crashed in depth, and one table of what that cost."""

import argparse
import errno
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from goseventh.bench.crash import power_cut
from goseventh.bench.crash.examiner import Tally
from goseventh.bench.crash.images import Variant
from storage.strategies import table
from tests.proof import faults, kill, recorded, small, unsafe

Step = Callable[[], None]
# Far more operations than any of these runs has.
_ALL = range(1, 1000)
_COLUMNS = ("strategy", "crash", "runs", "acknowledged", "lost", "unpromised lost", "unreadable", "strangers")


def main() -> int:
    """Runs the proofs. Exit code 1 if a promise was broken, or an unsafe writer not caught."""
    options = _options()
    names = options.strategy or [row.name for row in table.TABLE]
    begun = time.monotonic()
    if not sys.stdout.isatty():
        print("| " + " | ".join(_COLUMNS) + " |")
        print("| --- | --- |" + " ---: |" * (len(_COLUMNS) - 2))
    rows: list[tuple[str, str, Tally]] = []
    with tempfile.TemporaryDirectory(prefix="goseventh-proof-") as directory:
        work = Path(directory)
        for name in names:
            for crash, tally in _prove(work / name, name, options):
                _tell(name, crash, tally)
                rows.append((name, crash, tally))
        caught: list[tuple[str, str, Tally]] = []
        for lie in unsafe.LIES:
            place = work / lie
            place.mkdir()
            with _shown(f"unsafe writer, {lie}", options.cuts * len(Variant)) as step:
                run = recorded.record(place, names[0], options.people, (unsafe.PROGRAM, lie))
                tallies = power_cut.cut(
                    run, place, names[0], options.cuts, step=step, examined_by=small.EXAMINER
                )
            for variant, tally in tallies.items():
                _tell(f"unsafe: {lie}", f"power cut, {variant}", tally)
                caught.append((f"unsafe: {lie}", f"power cut, {variant}", tally))
    if sys.stdout.isatty():
        _draw([*rows, *caught])
    print(f"{time.monotonic() - begun:.0f} s")
    broken = [(name, crash, line) for name, crash, tally in rows for line in tally.broken()]
    for name, crash, line in broken:
        print(f"BROKEN: {name}, {crash}: {line}")
    missed = [lie for lie in unsafe.LIES if not any(t.broken() for n, _, t in caught if n.endswith(lie))]
    for lie in missed:
        print(f"NOT CAUGHT: the unsafe writer that flushes {lie}")
    return 1 if broken or missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make proof", description=__doc__)
    parser.add_argument("--strategy", action="append", help="only this one; may be repeated")
    parser.add_argument("--cuts", type=int, default=100, help="power cuts, three images each (%(default)s)")
    parser.add_argument("--people", type=int, default=2400, help="in a power cut's run (%(default)s)")
    parser.add_argument(
        "--cycles",
        type=int,
        default=100,
        help="of kill -9 of every process, a third as many of a worker and of the main one (%(default)s)",
    )
    parser.add_argument(
        "--operations",
        type=int,
        default=len(_ALL),
        help="of the disk that fail in turn, at most (%(default)s)",
    )
    return parser.parse_args()


def _prove(work: Path, name: str, options: argparse.Namespace) -> Iterator[tuple[str, Tally]]:
    """What a strategy was put through, and what it came to."""
    work.mkdir()
    with _shown(f"{name}: kill -9", len(kill.victims(options.cycles))) as step:
        yield "kill -9", kill.run(work, name, options.cycles, step)
    with _shown(f"{name}: power cut", options.cuts * len(Variant)) as step:
        run = recorded.record(work, name, options.people)
        recorded.assert_complete(run, work)
        tallies = power_cut.cut(run, work, name, options.cuts, step=step, examined_by=small.EXAMINER)
    yield from ((f"power cut, {variant}", tally) for variant, tally in tallies.items())
    numbers = _ALL[: options.operations]
    for code, label in ((errno.EIO, "I/O error"), (errno.ENOSPC, "full disk")):
        with _shown(f"{name}: {label}", None) as step:
            total = Tally()
            for trouble in faults.TROUBLES:
                if trouble.code == code:
                    place = work / str(trouble).replace(" ", "-")
                    place.mkdir()
                    total.merge(faults.starting(place, name, trouble, numbers, step))
                    total.merge(faults.serving(place, name, trouble, numbers, step))
        yield label, total


@contextmanager
def _shown(what: str, total: int | None) -> Iterator[Step]:
    """A bar on a terminal; in a pipe nothing."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(file=sys.stderr)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)


def _tell(name: str, crash: str, tally: Tally) -> None:
    """In a pipe, a row as soon as it is there."""
    if not sys.stdout.isatty():
        print(f"| {name} | {crash} | " + " | ".join(_figures(tally)) + " |", flush=True)


def _draw(rows: list[tuple[str, str, Tally]]) -> None:
    shown = Table(*_COLUMNS)
    for name, crash, tally in rows:
        shown.add_row(name, crash, *_figures(tally))
    Console().print(shown)


def _figures(tally: Tally) -> list[str]:
    figures = (
        tally.runs,
        tally.acknowledged,
        tally.lost,
        tally.missing - tally.lost,
        tally.unreadable,
        tally.strangers,
    )
    return [f"{figure:,}" for figure in figures]


if __name__ == "__main__":
    sys.exit(main())
