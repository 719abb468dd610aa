"""`goseventh import`: people from lines of JSON into the store, by large groups."""

import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import storage.lock
from goseventh import places
from goseventh.directory import hold, opened, scratch
from goseventh.endings import FAULTY, ended, persons
from goseventh.output import say
from goseventh.preparing import Prepared, preparing
from goseventh.progress import progress
from goseventh.settings import Settings
from storage import bulk
from storage.bulk import Add, Fate, Given
from storage.errors import Unusable
from storage.rehearsal import rehearsing

FIRST_GROUP = 16384
"""As many lines as a segment that is never merged again has people: no text is written twice."""
_MOST_LINES = 8 * FIRST_GROUP
_GROUP_BYTES = 64 << 20


class _Tally:
    """What has become of all lines so far."""

    def __init__(self) -> None:
        self.added = self.there = self.refused = 0

    def next_group(self) -> int:
        """How many lines to add next.

        However few of them there are, they have most pages of the nicknames written anew: so they are the
        more, the more those are.
        """
        return max(FIRST_GROUP, min((self.added + self.there) // 4, _MOST_LINES))

    def report(self, group: Sequence[Prepared], fates: Sequence[Fate]) -> None:
        """Counts a group that is durable, and says who was refused; `fates` are of those asked for."""
        self.added += fates.count(Fate.ADDED)
        self.there += fates.count(Fate.THERE)
        refused = [one for part in group for one in part.refused]
        numbers = (number for part in group for number in part.numbers)
        for number, fate in zip(numbers, fates, strict=True):
            if fate is not Fate.ADDED and fate is not Fate.THERE:
                refused.append((number, fate.value))
        self.refused += len(refused)
        for number, why in sorted(refused):
            print(f"line {number}: {why}", file=sys.stderr)


def run(settings: Settings, source: Path | None, *, dry_run: bool) -> int:
    """Adds the people of a file, or of standard input, to the store of no running server, or to a database.

    Each group is durable before its lines are spoken of. A line whose very person is there already is no
    fault, so that after an interrupt the same file can be imported again. Returns 1 if a line was refused.
    `dry_run` says what would be, and changes nothing.
    """

    def work() -> int:
        tally = _Tally()
        try:
            with ExitStack() as stack:
                file = stack.enter_context(_reading(source))
                size = _size(file)
                prepared = stack.enter_context(preparing(file, settings.max_body))
                add = stack.enter_context(_taking(settings, dry_run=dry_run))
                show = stack.enter_context(progress(sys.stderr, thread=True))
                for group in _groups(prepared, tally.next_group):
                    tally.report(group, add([given for part in group for given in part.given]))
                    show(group[-1].read, size, f"{group[-1].number} lines")
        finally:
            what = "would be added" if dry_run else "added"
            say(f"{persons(tally.added)} {what}, {tally.there} already there, {tally.refused} refused")
        return FAULTY if tally.refused else 0

    return ended(work, "who was added stays; the same file can be imported again")


@contextmanager
def _reading(source: Path | None) -> Iterator[BinaryIO]:
    if source is None:
        if sys.stdin is None:
            raise Unusable("standard input is closed")
        # The process that reads lets go of what is standard input here.
        with open(os.dup(sys.stdin.fileno()), "rb") as file:
            yield file
        return
    try:
        file = source.open("rb")
    except OSError as error:
        raise Unusable(f"{source} can't be read: {error.strerror}") from error
    with file:
        yield file


def _taking(settings: Settings, *, dry_run: bool) -> AbstractContextManager[Add]:
    """What adds people where the settings say, or only says what would be."""
    if settings.store is None:
        return _rehearsing(settings) if dry_run else _adding(settings)
    places.need_driver()
    from goseventh.postgresql import importing

    if dry_run:
        return importing.rehearsing(settings.store, settings.map_size)
    return importing.adding(settings.store, allow_unsafe=settings.allow_unsafe_database)


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
    """Adds to a scratch store."""
    with ExitStack() as stack:
        if settings.data_dir.exists():
            storage.lock.take(settings.data_dir)
        new = stack.enter_context(scratch(settings.map_size))
        yield stack.enter_context(rehearsing(settings.data_dir, new))


def _groups(prepared: Iterator[Prepared], most: Callable[[], int]) -> Iterator[list[Prepared]]:
    """Groups of about as many lines as `most` says when each begins, or as memory has room for."""
    group: list[Prepared] = []
    lines = begin = 0
    full = most()
    for part in prepared:
        group.append(part)
        lines += len(part.given) + len(part.refused)
        if lines >= full or part.read - begin >= _GROUP_BYTES:
            yield group
            group, lines, begin, full = [], 0, part.read, most()
    if group:
        yield group


def _size(file: BinaryIO) -> int | None:
    """How many bytes it has; None where nobody can know."""
    found = os.fstat(file.fileno())
    return found.st_size if stat.S_ISREG(found.st_mode) else None
