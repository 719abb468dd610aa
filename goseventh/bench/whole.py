"""`goseventh bench all`, and each of its parts alone: measure, keep what was measured, write the report.

Data flows one way: plan → parts → observations → results → report.
"""

import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from goseventh.bench import announcement, machine
from goseventh.bench.closed_load.saturation import GeneratorDied
from goseventh.bench.extra import absent
from goseventh.bench.interruptible import interruptible
from goseventh.bench.parts.shape import Part
from goseventh.bench.plan import Plan
from goseventh.bench.processes.cgroup import held
from goseventh.bench.processes.cpu_speed import WatcherDied
from goseventh.bench.processes.server import NotServing
from goseventh.bench.record import Record
from goseventh.bench.reporting import PREVIOUS, REPORT, NotKept, Report, Unwritable
from goseventh.bench.rig import OwnRig, Tell
from goseventh.bench.wire import Site, Unreachable
from goseventh.progress import progress

PASSED, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130
_PATIENCE = 30.0
_MEASURES = "hdrh"
"""What the load generator needs; a part may need more."""
_FORESEEN = (NotServing, GeneratorDied, WatcherDied, Unreachable, OSError, ValueError)
"""How a part may end early; the message says enough."""


class Refusal(Exception):
    """Nothing was measured; the message is one clear line."""


def run(plan: Plan, parts: Sequence[Part], out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Does the whole of it and returns the exit code.

    0 passed, 1 an answer was wrong, or a part could not be measured, or the report not written, 2 nothing was
    measured, 130 interrupted; in the latter case what was measured is written all the same. Steps go to `out`
    (stdout), the bar and the line of a refusal to `err` (stderr).
    """
    out, err = out or sys.stdout, err or sys.stderr
    report = Report(plan.out)
    try:
        with interruptible():
            return _run(plan, parts, report, out, err)
    except (Refusal, Unwritable, Unreachable) as refusal:
        print(f"goseventh bench: {refusal}", file=err)
        return REFUSED
    except NotKept as error:
        print(f"goseventh bench: {error}; what was measured since is lost", file=err)
        return FAILED
    except KeyboardInterrupt:
        # Again, while servers ended or the report was drawn, or else too early.
        kept = f"; what was measured is in {plan.out / REPORT}, not drawn"
        said = kept if report.kept else " before anything was measured"
        print(f"goseventh bench: interrupted{said}", file=err)
        return INTERRUPTED


def _run(plan: Plan, parts: Sequence[Part], report: Report, out: TextIO, err: TextIO) -> int:
    _check(plan, parts, report)
    runnable = [part for part in parts if plan.url is None or part.external]
    print(announcement.text(plan, runnable), file=out, flush=True)
    if report.earlier:
        print(f"The report that is there is kept as {PREVIOUS}.", file=out, flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="data-", dir=plan.out) as made,
        held(plan.cpus, plan.memory) as limits,
        _steps(sum(part.cost(plan).seconds for part in runnable), out, err) as tell,
        OwnRig(plan, Path(made), os.sched_getaffinity(0), limits.groups, tell) as rig,
    ):
        place = Path(made)
        place.chmod(0o711)  # PostgreSQL may have to run as another user
        about = machine.describe(place, limits.limits)
        for sentence in announcement.warnings(plan, about):
            rig.warn(sentence)
        record = Record(plan, about)
        complete = _measure(runnable, rig, record, report, err)
        for sentence in limits.strained():
            rig.fail(sentence)
        if complete:
            record.flushes_after(machine.flushes(place))
    results = record.results(rig.warned, complete=complete)
    report.write(results)
    for sentence in results.warnings:
        print(f"Warning: {sentence}", file=out)
    kept = f"was measured is in {plan.out}" if report.kept else "was measured"
    what = "what" if report.kept else "nothing"
    print(f"{what.capitalize() if complete else f'Interrupted; {what}'} {kept}", file=out, flush=True)
    return INTERRUPTED if not complete else FAILED if rig.failed else PASSED


def _measure(parts: Sequence[Part], rig: OwnRig, record: Record, report: Report, err: TextIO) -> bool:
    """All parts, each kept as soon as it is over. Returns whether nobody interrupted it."""
    try:
        for part in parts:
            rig.part = part.name
            _measure_one(part, rig, record, err)
            report.keep(record.results(rig.warned, complete=False))
    except KeyboardInterrupt:
        # At once: servers may take a while to end, and whoever waits for that may press Ctrl-C again.
        report.keep(record.results(rig.warned, complete=False))
        return False
    finally:
        rig.part = ""
    return True


def _measure_one(part: Part, rig: OwnRig, record: Record, err: TextIO) -> None:
    """If it can't be measured, for whatever reason, the others still are."""
    try:
        try:
            for found in part.run(rig):
                record.collected.add(part.name, found)
        finally:
            rig.clear()
    except _FORESEEN as error:
        rig.fail(f"{part.name} ended early: {error}.")
    except Exception as error:
        traceback.print_exc(file=err)
        rig.fail(f"{part.name} ended early, for a reason that nobody foresaw: {_told(error)}.")


def _told(error: Exception) -> str:
    return ": ".join(filter(None, [type(error).__name__, str(error)]))


@contextmanager
def _steps(seconds: float, out: TextIO, err: TextIO) -> Iterator[Tell]:
    """A bar with the time left on a terminal; else a line for each step that is over."""
    with progress(err, thread=True) as show:
        done = 0.0

        def tell(line: str, meant: float) -> None:
            nonlocal done
            done += meant
            show(int(done), int(seconds), line)
            if not (out.isatty() and err.isatty()):  # else the bar says it
                print(line, file=out, flush=True)

        show(0, int(seconds), "")
        yield tell


def _check(plan: Plan, parts: Sequence[Part], report: Report) -> None:
    """Raises Refusal, Unwritable or Unreachable for what could only fail later."""
    if (why := absent(_MEASURES)) is not None:
        raise Refusal(why)
    if plan.url is not None:
        if not any(part.external for part in parts):
            raise Refusal(f"--url: {parts[0].name} measures only servers that are started here")
        Site(plan.url).count(_PATIENCE)
    report.prepare()
    needed = sum(part.cost(plan).written for part in parts if plan.url is None or part.external)
    free = shutil.disk_usage(plan.out).free
    if needed > free:
        raise Refusal(
            f"--out {plan.out}: has {free / 2**30:.1f} GiB left, and {needed / 2**30:.1f} may be needed"
        )
