"""Giving back to the disk the pages of a store that nothing is in."""

from pathlib import Path
from typing import NamedTuple

from storage import partial
from storage.agreement import Read
from storage.audit import Progress, unseen
from storage.environment import open_environment
from storage.layout import DATA_FILE, check
from storage.recovery import recover


class Compacted(NamedTuple):
    """What it came to."""

    people: int
    before: int
    """Bytes of the file."""
    after: int


def compact(directory: Path, read: Read, map_size: int, progress: Progress = unseen) -> Compacted:
    """Puts a copy without free pages in place of the store in `directory`, verified before.

    First it does what a start does, so that whoever waits in the log is in it. `read` as in `verify`. Raises
    Unusable, and whatever a store can. Only the holder of the directory's lock may call this.
    """
    check(directory)
    place = directory / partial.NAME
    with partial.making(place) as made:
        environment = open_environment(directory, map_size)
        try:
            recover(directory, environment)
            partial.copy(environment.lmdb, made, progress)
        finally:
            environment.close()
        people = partial.check(made, read, progress)
        before, after = ((one / DATA_FILE).stat().st_size for one in (directory, made))
        partial.put_in_place(made, directory)
    return Compacted(people, before, after)
