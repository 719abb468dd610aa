"""The LMDB environment: every flag, size and database name, each with its reason."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep
from typing import NamedTuple

import lmdb
from lmdb import Transaction

from storage import records
from storage.errors import Faulty, Unusable, is_disk_full
from storage.write_lock import WriteLock

DATA_FILE = "data.mdb"
LOCK_FILE = "lock.mdb"
HEAD_KEY = b"head"
_FORMAT_KEY = b"format"
_NO_FORMAT = "none"
_NAMES = (b"people", b"nicknames", b"terms", b"signatures", b"outlines", b"meta")
# Made where it is missing: it holds nothing that can't be computed from the rest.
_DERIVED = frozenset({b"signatures", b"outlines"})
# py-lmdb 3 ships two engines with formats of their own; 0.9 is the one with years of power cuts behind it.
_ENGINE = 0
# A reader takes a slot for as long as its snapshot lives; a worker needs a handful.
_READERS = 510
# Snapshots kept ready for the next read: the loop's own and the search thread's.
_SPARE_SNAPSHOTS = 4


class Environment(NamedTuple):
    """An open environment and its databases. Opened after a fork, never carried across one."""

    lmdb: lmdb.Environment
    lock: WriteLock
    people: lmdb._Database
    """id → person"""
    nicknames: lmdb._Database
    """nickname → id"""
    terms: lmdb._Database
    """number of the first entry → segment"""
    signatures: lmdb._Database
    """spans of sealed people, see `index.tables` → their signatures, as far as there are any yet"""
    outlines: lmdb._Database
    """the same spans → outlines of their fields, likewise"""
    meta: lmdb._Database
    """format version and head"""

    @contextmanager
    def writing(self) -> Iterator["Transaction[bytes]"]:
        """A write transaction, the only one of all processes; durable when the block has ended.

        Raises lmdb.Error or OSError, and whatever the block raises: then nothing of it is in the store. But
        after a commit that failed on the disk nobody knows, and this process must not write again.
        """
        with self.lock.held():
            transaction = self.lmdb.begin(write=True)
            try:
                yield transaction
                with self.lock.committing():
                    transaction.commit()
            except BaseException:
                transaction.abort()
                raise

    def is_full(self, error: Exception) -> bool:
        """Whether `error` means that map or disk is full, and that alone: this process may go on writing.

        LMDB trusts its file no more, and refuses reads too, once a meta page could not be written.
        """
        if not isinstance(error, lmdb.MapFullError) and not is_disk_full(error):
            return False
        try:
            self.lmdb.begin().abort()
        except lmdb.PanicError:
            return False
        return True

    def close(self) -> None:
        """Closes it; no transaction may be open."""
        self.lmdb.close()
        self.lock.close()


def create(directory: Path) -> None:
    """Makes an empty store in `directory` unless one is there; whole and flushed, or not at all.

    A power cut may leave an unflushed file full of zeros, so it is made under another name first.
    Only the holder of the directory's lock may call this.
    """
    if (directory / DATA_FILE).exists():
        _keep_names(directory)
        return
    unfinished = directory / f"{DATA_FILE}.new"
    lock_file = directory / f"{unfinished.name}-lock"
    try:
        for leftover in (unfinished, lock_file):
            leftover.unlink(missing_ok=True)
        with (
            lmdb.open(
                os.fspath(unfinished), subdir=False, max_dbs=len(_NAMES), lib_version=_ENGINE, mode=0o640
            ) as made,
            made.begin(write=True) as transaction,
        ):
            *_, meta = (made.open_db(name, transaction) for name in _NAMES)
            transaction.put(_FORMAT_KEY, b"%d" % records.FORMAT, db=meta)
        lock_file.unlink()
        flush(unfinished)
        unfinished.rename(directory / DATA_FILE)
    except (lmdb.Error, OSError) as error:
        raise Unusable(f"no store can be made in {directory}: {error}") from error
    _keep_names(directory)


def _keep_names(directory: Path) -> None:
    """Has the store's name and its directory's survive a power cut.

    At every start: whoever made them may have ended, or met an error, before they were flushed.
    """
    try:
        flush(directory)
        with suppress(PermissionError):  # a parent that others keep from us is theirs to flush
            flush(directory.resolve().parent)
    except OSError as error:
        raise Unusable(f"the names of {directory} can't be flushed to the disk: {error}") from error


def open_environment(directory: Path, map_size: int) -> Environment:
    """Opens the store in `directory`. `map_size`, in bytes, is the most that it can grow to.

    Raises Unusable, with nothing changed, for what is no store of this format or can't be read or written.
    """
    try:
        # All else stays LMDB's default, on purpose: synchronous, no writemap, locking on. With sync=False
        # and a flush of its own before the answer, a later transaction reuses pages of the durable snapshot.
        environment = lmdb.open(
            os.fspath(directory),
            map_size=map_size,
            max_dbs=len(_NAMES),
            max_readers=_READERS,
            max_spare_txns=_SPARE_SNAPSHOTS,
            create=False,
            mode=0o640,
            # Most reads are single pages at random: reading ahead would only push out others.
            readahead=False,
        )
    except (lmdb.Error, OSError) as error:
        raise Unusable(
            f"{directory} can't be opened as a store: {error}; choose another directory"
        ) from error
    try:
        _check_file(directory, environment)
        _check_databases(directory, environment)
        opened = _open_databases(directory, environment)
        environment.reader_check()
    except (lmdb.Error, OSError) as error:
        environment.close()
        raise Unusable(f"{directory} can't be used: {error}; see to the disk, or to --map-size") from error
    except BaseException:
        environment.close()
        raise
    return opened


def check(directory: Path) -> None:
    """Raises Unusable unless `directory` holds a store of this format that may be read and written.

    What is refused stays as it was. Only the holder of the directory's lock may call this.
    """
    if (directory / DATA_FILE).stat().st_size == 0:
        raise Unusable(f"{directory / DATA_FILE} is empty: restore a backup, or choose another directory")
    for name in (DATA_FILE, LOCK_FILE):
        path = directory / name
        if path.exists() and not os.access(path, os.R_OK | os.W_OK):
            raise Unusable(f"{path} can't be opened: Permission denied; change its owner or mode")
    open_read_only(directory).close()


def open_read_only(directory: Path) -> lmdb.Environment:
    """Opens the store in `directory` so that nothing can change it; raises Faulty, or Unusable if it is none.

    Without LMDB's locks, which would write into its lock file, and without its way of filling an empty file.
    Only the holder of the directory's lock may call this.
    """
    try:
        environment = lmdb.open(
            os.fspath(directory),
            max_dbs=len(_NAMES),
            create=False,
            readonly=True,
            lock=False,
            readahead=False,
        )
    except (lmdb.Error, OSError) as error:
        raise Unusable(
            f"{directory} can't be opened as a store: {error}; choose another directory"
        ) from error
    try:
        _check_file(directory, environment)
        _check_databases(directory, environment)
    except lmdb.Error as error:
        environment.close()
        raise Faulty(f"{directory} is damaged: {error}; restore a backup") from error
    except BaseException:
        environment.close()
        raise
    return environment


def emulate_flush(seconds: float) -> None:
    """For experiments, right before a durable commit: takes the time that a slower disk's flush would."""
    if seconds:  # even a sleep of nothing would hand the GIL on
        sleep(seconds)


def flush(path: Path) -> None:
    """Makes a file, or the names in a directory, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_file(directory: Path, environment: lmdb.Environment) -> None:
    """Refuses, before a page is touched, what would crash or mislead: another engine's file, a cut one."""
    path = directory / DATA_FILE
    if environment.lib_version()[:2] != (0, 9):
        raise Unusable(f"{path} is of another LMDB format than 0.9: choose another directory")
    if path.stat().st_size < (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]:
        raise Faulty(f"{path} is shorter than its own index says: restore a backup")


def _check_databases(directory: Path, environment: lmdb.Environment) -> None:
    present = _present(environment)
    missing = sorted(name.decode() for name in set(_NAMES) - _DERIVED - present)
    found = _format(environment) if b"meta" in present else _NO_FORMAT
    if missing and found == _NO_FORMAT:
        raise Unusable(f"{directory} holds LMDB data that is not GoSeventh's: choose another directory")
    if found != str(records.FORMAT):
        raise Faulty(
            f"{directory} has format {found} and this version reads only {records.FORMAT}: "
            "use the version that wrote it, or choose another directory"
        )
    if missing:
        raise Faulty(f"{directory} has lost its {' and '.join(missing)}: restore a backup")


def _format(environment: lmdb.Environment) -> str:
    meta = environment.open_db(b"meta", create=False)
    with environment.begin() as snapshot:
        return snapshot.get(_FORMAT_KEY, _NO_FORMAT.encode(), db=meta).decode(errors="replace")


def _open_databases(directory: Path, environment: lmdb.Environment) -> Environment:
    present = _present(environment)
    databases = [environment.open_db(name, create=name not in present) for name in _NAMES]
    lock = WriteLock(directory, directory / DATA_FILE, environment.stat()["psize"])
    return Environment(environment, lock, *databases)


def _present(environment: lmdb.Environment) -> set[bytes]:
    return set(map(bytes, environment.dbs()))
