"""`goseventh bench all`, and each of its parts alone: measure, keep what was measured, write the report.

Data flows one way: plan → parts → observations → results → report.
"""

import os
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

from goseventh import __version__, settings
from goseventh.bench import announcement, machine, reporting
from goseventh.bench.cgroup import held
from goseventh.bench.collected import Collected
from goseventh.bench.interruptible import interruptible
from goseventh.bench.parts.shape import Part
from goseventh.bench.plan import Plan
from goseventh.bench.results import OWN, Promise, Results
from goseventh.bench.rig import OwnRig, Tell
from goseventh.bench.saturation import GeneratorDied
from goseventh.bench.server import NotServing
from goseventh.bench.wire import Site, Unreachable
from goseventh.progress import progress

PASSED, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130
_PATIENCE = 30.0
_EXTRA = ("hdrh", "jinja2", "vl_convert")
"""What to measure and to show needs; a part may need more."""


class Refusal(Exception):
    """Nothing was measured; the message is one clear line."""


def run(plan: Plan, parts: Sequence[Part], out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Does the whole of it and returns the exit code.

    0 passed, 1 an answer was wrong or a part could not be measured, 2 nothing was measured, 130 interrupted;
    in the latter case what was measured is written all the same. Steps go to `out` (stdout), the bar and the
    line of a refusal to `err` (stderr).
    """
    out, err = out or sys.stdout, err or sys.stderr
    try:
        with interruptible():
            return _run(plan, parts, out, err)
    except (Refusal, Unreachable) as refusal:
        print(f"goseventh bench: {refusal}", file=err)
        return REFUSED
    except KeyboardInterrupt:
        print("goseventh bench: interrupted before anything was measured", file=err)
        return INTERRUPTED


def _run(plan: Plan, parts: Sequence[Part], out: TextIO, err: TextIO) -> int:
    _check(plan, parts)
    runnable = [part for part in parts if plan.url is None or part.external]
    print(announcement.text(plan, runnable), file=out, flush=True)
    started, begin = datetime.now(UTC), time.monotonic()
    collected = Collected()
    interrupted = False
    with (
        tempfile.TemporaryDirectory(prefix="data-", dir=plan.out) as place,
        held(plan.cpus, plan.memory) as limits,
        _steps(sum(part.cost(plan).seconds for part in runnable), out, err) as tell,
        OwnRig(plan, Path(place), os.sched_getaffinity(0), limits.groups, tell) as rig,
    ):
        about = machine.describe(Path(place), limits.limits)
        for sentence in announcement.warnings(plan, about):
            rig.warn(sentence)
        try:
            for part in runnable:
                _measure(part, rig, collected)
        except KeyboardInterrupt:
            interrupted = True
        for sentence in limits.strained():
            rig.fail(sentence)
    rig.warnings += collected.warnings()
    results = Results(
        version=__version__,
        commit=machine.commit(),
        command=shlex.join(["goseventh", *sys.argv[1:]]),
        started=started.isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - begin, 1),
        complete=not interrupted,
        machine=about,
        settings=plan.settings(),
        target=plan.url or OWN,
        warnings=rig.warnings,
        strategies=[] if plan.url else _promises(plan),
        figures=collected.figures(),
        series=collected.series,
    )
    reporting.write(results, plan.out)
    for sentence in results.warnings:
        print(f"Warning: {sentence}", file=out)
    print(
        f"{'Interrupted; what' if interrupted else 'What'} was measured is in {plan.out}",
        file=out,
        flush=True,
    )
    return INTERRUPTED if interrupted else FAILED if rig.failed else PASSED


def _measure(part: Part, rig: OwnRig, collected: Collected) -> None:
    """One part; if it can't be measured the others still are."""
    missing = part.needs()
    for sentence in missing:
        rig.warn(f"{part.name} was not measured: {sentence}")
    if missing:
        return
    try:
        for found in part.run(rig):
            collected.add(part.name, found)
    except (NotServing, GeneratorDied, Unreachable, OSError, ValueError) as error:
        rig.fail(f"{part.name} ended early: {error}.")
    rig.clear()


@contextmanager
def _steps(seconds: float, out: TextIO, err: TextIO) -> Iterator[Tell]:
    """A bar with the time left on a terminal; else a line for each step that is over."""
    with progress(err, thread=True) as show:
        done = 0.0

        def tell(line: str, meant: float) -> None:
            nonlocal done
            done += meant
            show(int(done), int(seconds), line)
            if not err.isatty():
                print(line, file=out, flush=True)

        show(0, int(seconds), "")
        yield tell


def _promises(plan: Plan) -> list[Promise]:
    rows = {row.name: row for row in settings.ROWS}
    return [
        Promise(row.name, row.created_means, row.kill_loses, row.power_cut_loses, row.choose_when)
        for row in (rows[name] for name in plan.strategies)
    ]


def _check(plan: Plan, parts: Sequence[Part]) -> None:
    """Raises Refusal or Unreachable for what could only fail later."""
    for module in _EXTRA:
        if find_spec(module) is None:
            raise Refusal(f"{module} is not installed: pip install 'goseventh[bench]'")
    if plan.url is not None:
        if not any(part.external for part in parts):
            raise Refusal(f"--url: {parts[0].name} measures only servers that are started here")
        Site(plan.url).count(_PATIENCE)
    try:
        plan.out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=plan.out):
            pass
    except OSError as error:
        raise Refusal(f"--out {plan.out}: {error.strerror}") from None
    needed = sum(part.cost(plan).written for part in parts if plan.url is None or part.external)
    free = shutil.disk_usage(plan.out).free
    if needed > free:
        raise Refusal(
            f"--out {plan.out}: has {free / 2**30:.1f} GiB left, and {needed / 2**30:.1f} may be needed"
        )
