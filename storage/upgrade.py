"""Bringing a store of an earlier format to this version's: on a copy, which then takes its place."""

import os
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
    kept: Path | None
    """Where a copy of it is."""


def upgrade(
    directory: Path,
    read: Read,
    map_size: int,
    *,
    keep: bool,
    backup: Path | None = None,
    progress: Progress = unseen,
) -> Upgraded | None:
    """Has the store in `directory` be of this version's format; None if it is.

    To `keep` what there was, it is copied to the new directory `backup`, by default one in `directory` that
    is called by its format. A copy that is there already, such as of a run that was cut off, will do if it
    holds the same. `read` as in `verify`. Raises Unusable for a newer format, or one from which no step leads
    on. Only the holder of the directory's lock may call this.
    """
    refuse_empty(directory)
    partial.sweep(directory)
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
    kept = (backup or directory / f"before-upgrade-{before}") if keep else None
    if kept is not None:
        _keep(directory, kept, progress)
    with partial.making(directory / partial.NAME) as made:
        with open_unchecked(directory) as environment:
            partial.copy(environment, made, progress)
        with lmdb.open(
            os.fsencode(made), max_dbs=len(NAMES) * 2, map_size=map_size, create=False
        ) as environment:
            for number in numbers:
                STEPS[number](environment, progress)
                with environment.begin(write=True) as transaction:
                    meta = environment.open_db(b"meta", transaction)
                    transaction.put(FORMAT_KEY, b"%d" % (number + 1), db=meta)
        people = partial.check(made, read, progress)
        partial.put_in_place(made, directory)
    return Upgraded(people, before, kept)


def _keep(directory: Path, backup: Path, progress: Progress) -> None:
    """Copies what there is, of whatever format, unless that was done."""
    partial.sweep(backup.parent)
    if (backup / DATA_FILE).exists():
        _refuse_other(directory, backup, progress)
        return
    place = partial.place_beside(backup)
    with partial.making(place) as made:
        with open_unchecked(directory) as environment:
            partial.copy(environment, made, progress)
        for fault in audit(made, progress):
            raise Faulty(f"what was copied is damaged, and nothing was changed: {fault}")
        flush(made / DATA_FILE)
        partial.publish(made, backup)


def _refuse_other(directory: Path, backup: Path, progress: Progress) -> None:
    """Raises Unusable unless `backup` is a whole copy of what is in `directory`."""
    faults = list(audit(backup, progress))
    # The head says who was created last: nobody was since, and nobody is ever changed.
    if faults or _meta(backup) != _meta(directory):
        raise Unusable(f"{backup} is there already, and holds something else: choose another --backup")
    # It may have been cut off before its name was.
    flush(backup.resolve().parent)


def _meta(directory: Path) -> dict[bytes, bytes]:
    with open_unchecked(directory) as environment, environment.begin() as snapshot:
        return dict(snapshot.cursor(environment.open_db(b"meta", snapshot, create=False)))


def _format(directory: Path, environment: lmdb.Environment) -> int:
    found = format_of(environment) if b"meta" in present(environment) else ""
    if not found.isdecimal():
        raise Unusable(f"{directory} holds LMDB data that is not GoSeventh's: choose another directory")
    return int(found)
