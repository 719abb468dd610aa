"""Bringing a store of an earlier format to this version's: on a copy, which then takes its place."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import lmdb

from storage import partial, records
from storage.agreement import Read
from storage.audit import Progress, audit, unseen
from storage.errors import Faulty, Unusable
from storage.layout import (
    DATA_FILE,
    FORMAT_KEY,
    NAMES,
    flush,
    format_of,
    open_unchecked,
    present,
    refuse_empty,
)
from storage.recovery import refuse_waiting

Step = Callable[[lmdb.Environment, Progress], None]
"""Changes a store of one format, open to be written, so that it is of the next."""

STEPS: dict[int, Step] = {}
"""Format → the step to the next one. Those of all versions that were released stay."""


class Upgraded(NamedTuple):
    """What it came to."""

    people: int
    before: int
    """The format that there was."""


def upgrade(
    directory: Path, backup: Path | None, read: Read, map_size: int, progress: Progress = unseen
) -> Upgraded | None:
    """Has the store in `directory` be of this version's format; None if it is.

    `backup` becomes a copy of what there was, a new directory; none is made for None. `read` as in `verify`.
    Raises Unusable for a newer format, or one from which no step leads on. Only the holder of the directory's
    lock may call this.
    """
    refuse_empty(directory)
    for fault in audit(directory, progress):
        raise Faulty(f"{directory} is damaged: {fault}; restore a backup")
    with open_unchecked(directory) as environment:
        before = _format(directory, environment)
        refuse_waiting(directory, environment)
    if before == records.FORMAT:
        return None
    numbers = range(before, records.FORMAT)
    if before > records.FORMAT or not STEPS.keys() >= set(numbers):
        raise Unusable(
            f"{directory} has format {before}, from which this version knows no way to {records.FORMAT}: "
            "use the version that wrote it, or a later one"
        )
    if backup is not None:
        _keep(directory, backup, progress)
    place = directory / partial.NAME
    with partial.making(place):
        with open_unchecked(directory) as environment:
            partial.copy(environment, place, progress)
        with lmdb.open(str(place), max_dbs=len(NAMES) * 2, map_size=map_size, create=False) as environment:
            for number in numbers:
                STEPS[number](environment, progress)
                with environment.begin(write=True) as transaction:
                    meta = environment.open_db(b"meta", transaction)
                    transaction.put(FORMAT_KEY, b"%d" % (number + 1), db=meta)
        people = partial.check(place, read, progress)
        partial.put_in_place(place, directory)
    return Upgraded(people, before)


def _keep(directory: Path, backup: Path, progress: Progress) -> None:
    """Copies what there is, of whatever format."""
    if backup.exists():
        raise Unusable(f"{backup} is there already: choose another name, or --no-backup")
    place = backup.with_name(f"{backup.name}.{partial.NAME}")
    with partial.making(place):
        with open_unchecked(directory) as environment:
            partial.copy(environment, place, progress)
        for fault in audit(place, progress):
            raise Faulty(f"what was copied is damaged, and nothing was changed: {fault}")
        flush(place / DATA_FILE)
        flush(place)
        place.rename(backup)
        flush(backup.resolve().parent)


def _format(directory: Path, environment: lmdb.Environment) -> int:
    found = format_of(environment) if b"meta" in present(environment) else ""
    if not found.isdecimal():
        raise Unusable(f"{directory} holds LMDB data that is not GoSeventh's: choose another directory")
    return int(found)
