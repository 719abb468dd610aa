"""What a start does with what the last run left behind, whatever strategy runs now."""

import logging
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import lmdb

from storage import drainer, pending_format, pending_log
from storage.environment import MOVED_KEY, Environment
from storage.errors import StoreError, Unusable
from storage.layout import flush
from storage.pending_format import Group
from storage.records import unpack_moved

_DAMAGED = ".damaged"


_log = logging.getLogger("goseventh.storage")


def recover(directory: Path, environment: Environment) -> int:
    """Makes durable what can be read, and whom the log holds, which then goes. Returns how many they were.

    What is no whole frame (a power cut leaves such, and a kill a last one) is renamed aside and reported.
    Nothing is removed before its people are durable: Unusable says that all was kept, and why.
    Only the holder of the directory's lock may call this.
    """
    try:
        environment.settle()
    except StoreError as error:
        raise Unusable(f"{directory} can't be used: {error}; see to the disk") from error
    logs = _logs(directory)
    aside: list[Path] = []
    try:
        groups, damaged = _read(logs)
        moved = drainer.move(environment, groups) if groups else 0
        for path in logs:
            if path in damaged:
                aside.append(path.rename(_unused(path)))
            else:
                path.unlink()
        if logs:
            flush(directory)
    except (lmdb.Error, OSError, StoreError) as error:
        raise Unusable(f"people wait in {directory} and can't be written: {error}; all were kept") from error
    for path in aside:
        _log.warning("%s holds what was never answered, or what a power cut took", path)
    if moved:
        _log.info("%d people of the last run moved into the store", moved)
    return moved


def refuse_pending(directory: Path, moved: int) -> None:
    """Raises Unusable if people wait to be moved into the store, in which the log is up to number `moved`.

    For whoever must not speak of a store that is not all there; changes nothing. Nobody may append meanwhile.
    """
    try:
        groups, _ = _read(_logs(directory))
    except OSError as error:
        raise Unusable(f"who waits in {directory} can't be read: {error}; see to the disk") from error
    if number := len(pending_format.waiting(groups, moved)):
        raise Unusable(
            f"people wait in {directory}'s log who are not in the store yet ({number}): "
            "start the server once, in the version that wrote them"
        )


def refuse_waiting(directory: Path, environment: lmdb.Environment) -> None:
    """The same where the store is open as `environment`."""
    with environment.begin() as snapshot:
        meta = environment.open_db(b"meta", snapshot, create=False)
        moved = unpack_moved(snapshot.get(MOVED_KEY, db=meta))
    refuse_pending(directory, moved)


def waiting_groups(directory: Path) -> list[Group]:
    """Everybody in the log of `directory`, whoever appends or moves people meanwhile; raises OSError.

    Read it before a snapshot is taken: who leaves the log between the two is in the snapshot.
    """
    groups, _ = _read(_logs(directory))
    return groups


def _logs(directory: Path) -> list[Path]:
    return sorted(directory.glob(pending_log.PATTERN))


def _unused(path: Path) -> Path:
    """A name to put a damaged file aside under: none before it is overwritten."""
    names = (path.with_suffix(f".{number}{_DAMAGED}") for number in count(1))
    return next(name for name in names if not name.exists())


def _read(logs: Sequence[Path]) -> tuple[list[Group], list[Path]]:
    """The groups in the files, and the files that hold anything else."""
    groups: list[Group] = []
    damaged: list[Path] = []
    for path in logs:
        try:
            stored = path.read_bytes()
        except FileNotFoundError:  # it went meanwhile, for it held only the durable
            continue
        whole = 0
        for group, end in pending_format.frames(stored):
            whole = end
            if group is not None:
                groups.append(group)
        if stored[whole:].strip(b"\0"):
            damaged.append(path)
    return groups, damaged
