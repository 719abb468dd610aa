"""A store in the making: in a directory of its own, moved where it belongs only when it is whole.

So whoever is killed, and whatever the disk does, leaves what was there before, and at most such a directory,
which the next to make one there removes.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lmdb

from storage import lock
from storage.agreement import Read
from storage.audit import Progress
from storage.errors import Faulty, Unusable, judged
from storage.layout import DATA_FILE, LOCK_FILE, flush, keep_names
from storage.verify import count, verify

NAME = "partial"
"""The name of such a directory within the one it is for, which may be a mount point and can't be renamed."""
_LOCK_FILES = (LOCK_FILE, "write.lock")


def is_one(name: str) -> bool:
    """Whether a directory of this name is taken for what a killed command left, and so may be removed."""
    return name == NAME or name.endswith(f".{NAME}")


@contextmanager
def making(place: Path) -> Iterator[None]:
    """Makes `place`, an empty directory, and removes it in the end unless it was moved by then.

    Inside, what goes wrong on the disk becomes Unusable. Raises that, too, if somebody else makes one there,
    or `place` is something else.
    """
    try:
        remove(place)
        place.mkdir(mode=0o750)
        held = lock.take(place)
        try:
            yield
        finally:
            os.close(held)
            remove(place)
    except (lmdb.Error, OSError) as error:
        raise Unusable(f"{place} can't be written: {judged(error)}; what was there is whole") from error


def remove(place: Path) -> None:
    """Removes what a store in the making left at `place`, if anything. Raises OSError, and Unusable."""
    if not place.exists():
        return
    held = lock.take(place)
    try:
        for name in (DATA_FILE, *_LOCK_FILES):
            (place / name).unlink(missing_ok=True)
        place.rmdir()
    finally:
        os.close(held)


def copy(environment: lmdb.Environment, place: Path, progress: Progress) -> None:
    """Copies one snapshot of an open store, without its free pages; no writer waits, or is waited for."""
    progress(0, None, "copying")
    environment.copy(os.fspath(place), compact=True)
    (place / DATA_FILE).chmod(0o640)


def check(place: Path, read: Read, progress: Progress) -> int:
    """Flushes the store at `place` and verifies it; raises Faulty. Returns how many people it holds."""
    for name in _LOCK_FILES:
        (place / name).unlink(missing_ok=True)
    flush(place / DATA_FILE)
    for fault in verify(place, read, progress):
        raise Faulty(f"what was copied is damaged, and nothing was changed: {fault}")
    return count(place)


def put_in_place(place: Path, directory: Path) -> None:
    """Has the store at `place` be that of `directory`, instead of the one there, if any.

    Whoever has that one open would go on in what is gone: with LMDB's own lock on it nobody has. Only the
    holder of the directory's lock may call this, with nothing of it open. Raises Unusable while others read.
    """
    with _unread(directory / LOCK_FILE):
        (place / DATA_FILE).rename(directory / DATA_FILE)
        keep_names(directory)


@contextmanager
def _unread(lock_file: Path) -> Iterator[None]:
    """Holds what every process that has the store open has a share of."""
    if not lock_file.exists():
        yield
        return
    descriptor = os.open(lock_file, os.O_RDWR | os.O_CLOEXEC)
    try:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1)
        except OSError as error:
            raise Unusable(
                f"{lock_file.parent} is being read, such as by a backup: wait for that; nothing was changed"
            ) from error
        yield
    finally:
        os.close(descriptor)
