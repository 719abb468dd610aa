"""The LMDB environment: every flag, size and database name, each with its reason."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep

import lmdb
from lmdb import Transaction, _Database

from storage import records
from storage.errors import Broken, Faulty, Full, Unusable, judged
from storage.write_lock import WriteLock

DATA_FILE = "data.mdb"
LOCK_FILE = "lock.mdb"
HEAD_KEY = b"head"
MOVED_KEY = b"moved"
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
# A dead reader's snapshot keeps pages from being reused: one grew a file 62-fold.
_COMMITS_PER_READER_CHECK = 256


@dataclass(eq=False)
class Environment:
    """An open environment and its databases. Opened after a fork, never carried across one."""

    lmdb: lmdb.Environment
    lock: WriteLock
    people: _Database
    """id → person"""
    nicknames: _Database
    """nickname → id"""
    terms: _Database
    """number of the first entry → segment"""
    signatures: _Database
    """spans of sealed people, see `index.tables` → their signatures, as far as there are any yet"""
    outlines: _Database
    """the same spans → outlines of their fields, likewise"""
    meta: _Database
    """format version, head, and how far the log of `write-behind` was moved into the store"""

    flush_delay: float = 0.0
    """For experiments: seconds to sleep before each durable commit, the write lock held."""
    committed: Callable[[], None] = field(default_factory=lambda: lambda: None, init=False)
    """Called after each durable commit of this process, on the thread that made it."""
    _commits: int = field(default=0, init=False)

    @property
    def broken(self) -> Broken | None:
        """Why nothing in this process may write any more, once that is so."""
        return self.lock.broken

    def give_up(self, error: Exception) -> Broken:
        """Lets nothing in this process write any more; returns why."""
        return self.lock.give_up(error)

    @contextmanager
    def writing(self) -> Iterator["Transaction[bytes]"]:
        """A write transaction, the only one of all processes; durable when the block has ended.

        Raises Full, TooLarge or Broken for what map and disk did, and whatever else the block raises: then
        nothing of it is in the store. But after Broken nobody knows, and nobody here writes again.
        """
        with self.lock.held():
            try:
                transaction = self.lmdb.begin(write=True)
                try:
                    yield transaction
                    if self.flush_delay:  # even a sleep of nothing would hand the GIL on
                        sleep(self.flush_delay)
                    self._commit(transaction)
                except BaseException:
                    transaction.abort()
                    raise
            except Exception as error:
                found = judged(error)
                if isinstance(found, Broken):
                    self.give_up(found)
                if found is error:
                    raise
                raise found from error
            self._check_readers()
        self.committed()

    def _commit(self, transaction: "Transaction[bytes]") -> None:
        """Raises what LMDB does; Broken if its flush, or what comes after that, may have failed."""
        try:
            with self.lock.committing():
                transaction.commit()
        except lmdb.Error as error:
            # Of a full disk LMDB does not say whether it was met by writing pages, by their flush, or by the
            # meta page after that.
            if type(judged(error)) is Full and not (self._is_trusted() and self.lock.lost_nothing()):
                raise self.give_up(error) from error
            raise

    def _is_trusted(self) -> bool:
        """LMDB trusts its file no more, and refuses reads too, once a meta page could not be written."""
        try:
            self.lmdb.begin().abort()
        except lmdb.PanicError:
            return False
        return True

    def _check_readers(self) -> None:
        self._commits += 1
        if self._commits % _COMMITS_PER_READER_CHECK == 0:
            with suppress(lmdb.Error):
                self.lmdb.reader_check()

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


def open_environment(
    directory: Path, map_size: int, flush_delay: float = 0.0, tell_broken: Callable[[], None] = lambda: None
) -> Environment:
    """Opens the store in `directory`. `map_size`, in bytes, is the most that it can grow to.

    `flush_delay`, in seconds, makes each durable commit as slow as on a slower disk. `tell_broken` is called
    once, on any thread, when nothing in this process may write any more.

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
        lock = WriteLock(directory, directory / DATA_FILE, environment.stat()["psize"], tell_broken)
        opened = Environment(environment, lock, **_open_databases(environment), flush_delay=flush_delay)
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


def _open_databases(environment: lmdb.Environment) -> dict[str, _Database]:
    present = _present(environment)
    return {name.decode(): environment.open_db(name, create=name not in present) for name in _NAMES}


def _present(environment: lmdb.Environment) -> set[bytes]:
    return set(map(bytes, environment.dbs()))
