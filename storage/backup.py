"""Copying a store into a new directory, while a server writes or not."""

from pathlib import Path

from storage import drainer, partial
from storage.agreement import Read
from storage.audit import Progress, unseen
from storage.beside import reading
from storage.environment import open_environment
from storage.errors import Unusable
from storage.layout import flush


def backup(directory: Path, destination: Path, read: Read, map_size: int, progress: Progress = unseen) -> int:
    """Makes `destination`, a store of its own with everybody who was answered when this began.

    Whoever waits in the log of `write-behind` is moved into the copy; who waits in the memory of a
    `memory-queue` can't be had. The copy is durable, verified and whole when `destination` appears. Returns
    how many people it holds. `read` as in `verify`. Raises Unusable, and whatever a store can.
    """
    if destination.exists():
        raise Unusable(f"{destination} is there already: choose another name")
    if partial.is_one(destination.name):
        raise Unusable(f"{destination} is what an unfinished store is called: choose another name")
    place = destination.with_name(f"{destination.name}.{partial.NAME}")
    with partial.making(place):
        with reading(directory, map_size) as store:
            partial.copy(store.lmdb, place, progress)
        if store.log:
            environment = open_environment(place, map_size)
            try:
                drainer.move(environment, store.log)
            finally:
                environment.close()
        people = partial.check(place, read, progress)
        flush(place)
        place.rename(destination)
        flush(destination.resolve().parent)
    return people
