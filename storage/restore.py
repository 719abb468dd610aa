"""Copying a backup into a directory that has no store."""

import os
from pathlib import Path

from storage import lock, partial
from storage.agreement import Read
from storage.audit import Progress, unseen
from storage.errors import Unusable
from storage.layout import DATA_FILE, open_read_only, refuse_empty
from storage.recovery import refuse_waiting

# What an empty volume holds, and what a restore that was cut off left.
_NOTHING = frozenset({"lost+found", partial.NAME})
_PIECE = 1 << 20


def restore(source: Path, directory: Path, read: Read, progress: Progress = unseen) -> int:
    """Makes the store of `source`, which no server has open, that of the empty `directory` too.

    It is durable, verified and whole when it appears. Returns how many people it holds. `read` as in
    `verify`. Raises Unusable. Only the holder of the directory's lock may call this.
    """
    if found := sorted({path.name for path in directory.iterdir()} - _NOTHING):
        raise Unusable(f"{directory} is not empty, it holds {found[0]}: choose another directory")
    refuse_empty(source)
    held = lock.take(source)
    place = directory / partial.NAME
    try:
        with partial.making(place) as made:
            partial.refuse_without_room(made, (source / DATA_FILE).stat().st_size)
            _copy(source / DATA_FILE, made / DATA_FILE, progress)
            people = partial.check(made, read, progress)
            with open_read_only(made) as environment:
                refuse_waiting(source, environment)
            partial.put_in_place(made, directory)
    finally:
        os.close(held)
    return people


def _copy(source: Path, target: Path, progress: Progress) -> None:
    with source.open("rb", buffering=0) as original, target.open("xb", buffering=0) as copied:
        target.chmod(0o640)
        size = os.fstat(original.fileno()).st_size
        while piece := original.read(_PIECE):
            progress(original.tell(), size, "copying")
            while piece:
                piece = piece[copied.write(piece) :]
