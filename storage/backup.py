"""Copying a store into a new directory, while a server writes or not."""

from pathlib import Path

from storage import drainer, partial
from storage.agreement import Read
from storage.audit import Progress, unseen
from storage.beside import reading
from storage.environment import open_environment
from storage.layout import refuse_empty

# What a server on the same disk may write meanwhile, and some time after.
_SPARE = 64 << 20


def backup(directory: Path, destination: Path, read: Read, map_size: int, progress: Progress = unseen) -> int:
    """Makes `destination`, a store of its own with everybody who was answered when this began.

    Whoever waits in the log of `write-behind` is moved into the copy; who waits in the memory of a
    `memory-queue` can't be had. The copy is durable, verified and whole when `destination` appears. Returns
    how many people it holds. `read` as in `verify`. Raises Unusable, and whatever a store can.
    """
    refuse_empty(directory)  # before anything is said of the destination
    place = partial.place_beside(destination)
    partial.sweep(destination.parent)
    with partial.making(place) as made:
        with reading(directory, map_size) as store:
            partial.copy(store.lmdb, made, progress, _SPARE)
        if store.log:
            environment = open_environment(made, map_size)
            try:
                drainer.move(environment, store.log)
            finally:
                environment.close()
        people = partial.check(made, read, progress)
        partial.publish(made, destination)
    return people
