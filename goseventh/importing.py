"""`goseventh import`: people from lines of JSON into the store, by large groups."""

import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import storage.lock
from goseventh import person
from goseventh.directory import hold, opened
from goseventh.endings import FAULTY, ended, persons
from goseventh.limits import DEFAULTS
from goseventh.problems import Problem
from goseventh.progress import Show, progress
from goseventh.settings import Settings
from storage import bulk
from storage.bulk import Fate, Given
from storage.errors import Unusable
from storage.layout import DATA_FILE

# As many as a segment holds that is never merged again: hardly anybody's text is written twice.
GROUP = 16384
_LINE = DEFAULTS.body

Add = Callable[[Sequence[Given]], list[Fate]]
"""Has a group added, durably, and says what became of each."""


class _Line(NamedTuple):
    """A line that asks for something."""

    number: int
    asked: Given | str
    """Whom it asks for, or why it is refused."""


class _Tally:
    """What has become of all lines so far."""

    def __init__(self) -> None:
        self.added = self.there = self.refused = 0

    def report(self, lines: Sequence[_Line], fates: Sequence[Fate]) -> None:
        """Counts a group that is durable, and says who was refused; `fates` are of those asked for."""
        each = iter(fates)
        for number, asked in lines:
            fate = asked if isinstance(asked, str) else next(each)
            if fate is Fate.ADDED:
                self.added += 1
            elif fate is Fate.THERE:
                self.there += 1
            else:
                self.refused += 1
                print(f"line {number}: {fate if isinstance(fate, str) else fate.value}", file=sys.stderr)


def run(settings: Settings, source: Path | None, *, dry_run: bool) -> int:
    """Adds the people of a file, or of standard input, to the store of no running server.

    Each group is durable before its lines are spoken of. A line whose very person is there already is no
    fault, so that after an interrupt the same file can be imported again. Returns 1 if a line was refused.
    `dry_run` says what would be, and changes nothing.
    """

    def work() -> int:
        tally = _Tally()
        try:
            with ExitStack() as stack:
                file = stack.enter_context(_reading(source))
                add = stack.enter_context(_rehearsing(settings) if dry_run else _adding(settings))
                show = stack.enter_context(progress(sys.stderr, thread=True))
                for lines in _groups(file, show):
                    tally.report(lines, add([one.asked for one in lines if isinstance(one.asked, Given)]))
        finally:
            what = "would be added" if dry_run else "added"
            print(f"{persons(tally.added)} {what}, {tally.there} already there, {tally.refused} refused")
        return FAULTY if tally.refused else 0

    return ended(work, "who was added stays; the same file can be imported again")


@contextmanager
def _reading(source: Path | None) -> Iterator[BinaryIO]:
    if source is None:
        yield sys.stdin.buffer
        return
    try:
        file = source.open("rb")
    except OSError as error:
        raise Unusable(f"{source} can't be read: {error.strerror}") from error
    with file:
        yield file


@contextmanager
def _adding(settings: Settings) -> Iterator[Add]:
    hold(settings.data_dir)
    with opened(settings.data_dir, settings.map_size) as environment:

        def add(group: Sequence[Given]) -> list[Fate]:
            with environment.writing() as transaction:
                return bulk.add(environment, transaction, group)

        yield add


@contextmanager
def _rehearsing(settings: Settings) -> Iterator[Add]:
    """Judges by the store there is, and adds to another one, which goes in the end: a file has no limit."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="goseventh-")))
        new = stack.enter_context(opened(scratch, settings.map_size))
        old = None
        if (settings.data_dir / DATA_FILE).exists():
            storage.lock.take(settings.data_dir)
            old = stack.enter_context(opened(settings.data_dir, settings.map_size))

        def add(group: Sequence[Given]) -> list[Fate]:
            fates = [Fate.ADDED] * len(group)
            if old is not None:
                with old.lmdb.begin() as snapshot:
                    fates = bulk.judge(old, snapshot, group)
            left = [given for given, fate in zip(group, fates, strict=True) if fate is Fate.ADDED]
            with new.writing() as transaction:
                later = iter(bulk.add(new, transaction, left))
            return [next(later) if fate is Fate.ADDED else fate for fate in fates]

        yield add


def _groups(file: BinaryIO, show: Show) -> Iterator[list[_Line]]:
    """The lines that ask for something, by groups; tells how many bytes were read."""
    found = os.fstat(file.fileno())
    size = found.st_size if stat.S_ISREG(found.st_mode) else None
    read = number = 0
    lines: list[_Line] = []
    while written := file.readline(_LINE + 1):
        number += 1
        read += len(written)
        if len(written) > _LINE and not written.endswith(b"\n"):
            lines.append(_Line(number, f"it is longer than {_LINE} bytes"))
            while written and not written.endswith(b"\n"):
                written = file.readline(_LINE)
                read += len(written)
        elif not written.isspace():
            lines.append(_Line(number, _asked(written)))
        if len(lines) == GROUP:
            show(read, size, f"{number} lines")
            yield lines
            lines = []
    yield lines


def _asked(written: bytes) -> Given | str:
    try:
        return Given(*person.prepare_kept(written))
    except Problem as problem:
        return problem.detail
