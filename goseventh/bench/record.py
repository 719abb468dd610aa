"""A run as results, at any moment: what it is, and what it has measured so far."""

import shlex
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from goseventh import __version__, settings
from goseventh.bench import machine
from goseventh.bench.anonymous import anonymous
from goseventh.bench.collected import Collected
from goseventh.bench.plan import Plan
from goseventh.bench.results import OWN, Figure, Machine, Percentiles, Promise, Results
from goseventh.bench.rig import Warned


class Record:
    """Begins with the run."""

    def __init__(self, plan: Plan, about: Machine) -> None:
        self.collected = Collected()
        self._plan, self._about = plan, about
        self._started, self._begin = datetime.now(UTC), time.monotonic()
        self._commit = machine.commit()

    def flushes_after(self, flush_ms: Percentiles) -> None:
        """The disk as it is at the end of the run."""
        self._about = replace(self._about, disk=replace(self._about.disk, flush_ms_after=flush_ms))

    def results(self, warned: Iterable[Warned], *, complete: bool) -> Results:
        """All so far. The paths of this machine are nobody's business, and not in it."""
        plan, figures = self._plan, self.collected.figures()
        said = [
            Warned(anonymous(one.sentence, plan.out), one.part)
            for one in (*warned, *self.collected.warnings())
        ]
        return Results(
            version=__version__,
            commit=self._commit,
            command=anonymous(shlex.join(["goseventh", *sys.argv[1:]]), plan.out),
            started=self._started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - self._begin, 1),
            complete=complete,
            machine=self._about,
            settings=plan.settings(),
            target=plan.url or OWN,
            warnings=[one.sentence for one in said],
            about={one.sentence: one.part for one in said if one.part},
            strategies=[] if plan.url else promises(plan.strategies, figures),
            figures=figures,
            series=self.collected.series,
        )


def promises(asked: Sequence[str], figures: Sequence[Figure]) -> list[Promise]:
    """Of the strategies that were asked for, and of any other that a figure names."""
    names = {*asked, *(one.where["strategy"] for one in figures if "strategy" in one.where)}
    return [
        Promise(row.name, row.created_means, row.kill_loses, row.power_cut_loses, row.choose_when)
        for row in settings.ROWS
        if row.name in names
    ]
