"""A store in the making: in a directory of its own, moved where it belongs only when it is whole.

So whoever is killed, and whatever the disk does, leaves what was there before, and at most such a directory.
The store lies one directory deeper, under a name of its own: so it is known for unfinished, and the next to
make or open a store there removes it, and nothing else that is called like it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import lmdb

from storage import lock
from storage.agreement import Read
from storage.audit import Progress
from storage.errors import Faulty, Full, Unusable, judged
from storage.facts import live_bytes
from storage.layout import DATA_FILE, LOCK_FILE, WRITE_LOCK, flush, give, keep_names
from storage.verify import count, verify

NAME = "partial"
"""The name of such a directory within the one it is for, which may be a mount point and can't be renamed."""
_STORE = "unfinished"
_LOCK_FILES = (LOCK_FILE, WRITE_LOCK)


def place_beside(destination: Path) -> Path:
    """Where to make what is to be the new directory `destination`; raises Unusable if it can't be new."""
    if os.path.lexists(destination):
        raise Unusable(f"{destination} is there already: choose another name")
    if _is_one(destination.name):
        raise Unusable(f"{destination} is what an unfinished store is called: choose another name")
    return destination.with_name(f"{destination.name}.{NAME}")


@contextmanager
def making(place: Path) -> Iterator[Path]:
    """Yields an empty directory in a new one, `place`; removes both in the end, unless the first was moved.

    Inside, what goes wrong on the disk becomes Unusable. Raises that, too, if somebody else makes one there,
    or `place` is something else.
    """
    try:
        _remove(place)
        place.mkdir(mode=0o750)
        held = lock.take(place)
        try:
            made = place / _STORE
            made.mkdir(mode=0o750)
            for new in (made, place):  # or what root leaves would be in the way of whoever works here
                give(new, place.parent)
            yield made
        finally:
            _empty(place, held)
            os.close(held)
    except (lmdb.Error, OSError) as error:
        raise Unusable(f"{place} can't be written: {_why(error)}; what was there is whole") from error


def _why(error: lmdb.Error | OSError) -> object:
    """What it means if the disk is full, else what the system says."""
    found = judged(error)
    return found if isinstance(found, Full) else getattr(error, "strerror", None) or error


def sweep(directory: Path) -> None:
    """Removes what killed commands left in `directory`, unless somebody works on it, or it can't be.

    An empty directory stays, for nobody can tell whose it is: the next to make a store there takes it.
    """
    with suppress(OSError):
        for place in directory.iterdir():
            with suppress(OSError, Unusable):  # of this one: others may be ours to remove
                if _is_one(place.name) and place.is_dir() and os.listdir(place) == [_STORE]:
                    _remove(place)


def _is_one(name: str) -> bool:
    return name == NAME or name.endswith(f".{NAME}")


def _remove(place: Path) -> None:
    """Raises OSError, and Unusable if it is somebody's, or a link to what may be."""
    if not os.path.lexists(place):
        return
    held = lock.take(place)
    try:
        if not os.path.samestat(os.fstat(held), place.lstat()) or not set(os.listdir(held)) <= {_STORE}:
            raise _others(place)
        _empty(place, held)
    finally:
        os.close(held)


def _empty(place: Path, held: int) -> None:
    """Removes `place`, open as `held`, and what is made here: anything else in it is found before a change.

    By descriptors, so that no link can come in between.
    """
    try:
        made = os.open(_STORE, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=held)
    except FileNotFoundError:
        place.rmdir()
        return
    except NotADirectoryError as error:
        raise _others(place) from error
    try:
        names = os.listdir(made)
        if not set(names) <= {DATA_FILE, *_LOCK_FILES}:
            raise _others(place)
        for name in names:
            os.unlink(name, dir_fd=made)
    finally:
        os.close(made)
    os.rmdir(_STORE, dir_fd=held)
    place.rmdir()


def _others(place: Path) -> Unusable:
    return Unusable(f"{place} is no unfinished store: move it, or choose another name")


def copy(environment: lmdb.Environment, place: Path, progress: Progress, spare: int = 0) -> None:
    """Copies one snapshot of an open store, without its free pages; no writer waits, or is waited for.

    Raises Unusable, with nothing written, if that would leave less than `spare` bytes of the disk.
    """
    progress(0, None, "copying")
    refuse_without_room(place, live_bytes(environment) + spare)
    # Its types know names that are text alone.
    environment.copy(os.fsencode(place), compact=True)  # type: ignore[arg-type]
    (place / DATA_FILE).chmod(0o640)


def refuse_without_room(place: Path, size: int) -> None:
    """Raises Unusable unless so many bytes more fit on the disk of `place`."""
    disk = os.statvfs(place)
    if (free := disk.f_bavail * disk.f_frsize) < size:
        raise Unusable(
            f"the disk of {place} has {free} bytes free, and this needs {size}: nothing was changed"
        )


def check(place: Path, read: Read, progress: Progress) -> int:
    """Flushes the store at `place` and verifies it; raises Faulty. Returns how many people it holds."""
    for name in _LOCK_FILES:
        (place / name).unlink(missing_ok=True)
    flush(place / DATA_FILE)
    for fault in verify(place, read, progress):
        raise Faulty(f"what was copied is damaged, and nothing was changed: {fault}")
    return count(place)


def publish(place: Path, destination: Path) -> None:
    """Has the store at `place`, whose file is flushed, be the new directory `destination`."""
    give(place / DATA_FILE, place)
    flush(place)
    place.rename(destination)
    flush(destination.resolve().parent)


def put_in_place(place: Path, directory: Path) -> None:
    """Has the store at `place` be that of `directory`, instead of the one there, if any.

    Whoever has that one open would go on in what is gone: with LMDB's own lock on it nobody has. Only the
    holder of the directory's lock may call this, with nothing of it open. Raises Unusable while others read.
    """
    with _unread(directory / LOCK_FILE):
        there = directory / DATA_FILE
        give(place / DATA_FILE, there if there.exists() else directory)
        (place / DATA_FILE).rename(there)
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
