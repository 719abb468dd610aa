"""The LMDB environment: every flag, size and database name, each with its reason."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

import lmdb
from lmdb import Transaction, _Database

from storage.errors import Broken, Faulty, Full, StoreError, Unusable, judged
from storage.layout import (
    DATA_FILE,
    LOCK_FILE,
    NAMES,
    check_databases,
    check_file,
    give,
    present,
    refuse_links,
)
from storage.observer import NOBODY, Observer
from storage.write_lock import WriteLock

FULL_SECONDS = 10.0
"""How long a store counts as full after it could not write: the disk may have room again, and who is told to
stay away would never find out."""
HEAD_KEY = b"head"
MOVED_KEY = b"moved"
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
    observer: Observer = field(default=NOBODY, init=False)
    """Told how long each durable commit of this process takes."""
    _commits: int = field(default=0, init=False)
    # Set by whoever writes: why the last people did not fit, and when that was.
    _full: tuple[Full, float] | None = field(default=None, init=False)

    @property
    def databases(self) -> dict[str, _Database]:
        """All of them, by their names."""
        return {name.decode(): getattr(self, name.decode()) for name in NAMES}

    @property
    def broken(self) -> Broken | None:
        """Why nothing in this process may write any more, once that is so."""
        return self.lock.broken

    def give_up(self, error: Exception) -> Broken:
        """Lets nothing in this process write any more; returns why."""
        return self.lock.give_up(error)

    @property
    def full(self) -> Full | None:
        """Why the last people of this process did not fit, if that was lately. For any thread."""
        found = self._full
        return found[0] if found is not None and monotonic() - found[1] < FULL_SECONDS else None

    @contextmanager
    def writing(self, *, derived: bool = False) -> Iterator["Transaction[bytes]"]:
        """A write transaction, the only one of all processes; durable when the block has ended.

        One of what is `derived` is larger than a group of people: these may have room where it has none.
        Raises Full, TooLarge or Broken for what map and disk did, and whatever else the block raises: then
        nothing of it is in the store. But after Broken nobody knows, and nobody here writes again.
        """
        with self.lock.held():
            try:
                transaction = self.lmdb.begin(write=True)
                try:
                    yield transaction
                    began = monotonic()
                    if self.flush_delay:  # even a sleep of nothing would hand the GIL on
                        sleep(self.flush_delay)
                    self._commit(transaction)
                    self.observer.committed(monotonic() - began)
                except BaseException:
                    transaction.abort()
                    raise
            except Exception as error:
                found = judged(error)
                if isinstance(found, Broken):
                    self.give_up(found)
                if isinstance(found, Full) and not derived:
                    self._full = found, monotonic()
                if found is error:
                    raise
                raise found from error
            self._full = None
            self._check_readers()
        self.committed()

    def settle(self) -> None:
        """Makes durable what a commit that failed, or was cut off, left to read; raises Full or Broken."""
        with self.lock.held():
            pass

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


def open_environment(
    directory: Path, map_size: int, flush_delay: float = 0.0, tell_broken: Callable[[], None] = lambda: None
) -> Environment:
    """Opens the store in `directory`. `map_size`, in bytes, is the most that it can grow to.

    `flush_delay`, in seconds, makes each durable commit as slow as on a slower disk. `tell_broken` is called
    once, on any thread, when nothing in this process may write any more.

    Raises Unusable, with nothing changed, for what is no store of this format or can't be read or written.
    """
    environment = open_shared(directory, map_size)
    lock: WriteLock | None = None
    try:
        lock = WriteLock(directory, directory / DATA_FILE, environment.stat()["psize"], tell_broken)
        opened = Environment(environment, lock, **_open_databases(environment, lock), flush_delay=flush_delay)
        environment.reader_check()
    except BaseException as error:
        environment.close()
        if lock is not None:
            lock.close()
        if isinstance(error, Unusable) or not isinstance(error, (lmdb.Error, OSError, StoreError)):
            raise
        raise Unusable(f"{directory} can't be used: {error}; see to the disk, or to --map-size") from error
    return opened


def open_shared(directory: Path, map_size: int) -> lmdb.Environment:
    """The store in `directory` with LMDB's locks alone, as all of its processes have it.

    Raises Unusable as `open_environment` does.
    """
    refuse_links(directory)
    try:
        # All else stays LMDB's default, on purpose: synchronous, no writemap, locking on. With sync=False
        # and a flush of its own before the answer, a later transaction reuses pages of the durable snapshot.
        environment = lmdb.open(
            os.fsencode(directory),
            map_size=map_size,
            max_dbs=len(NAMES),
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
        give(directory / LOCK_FILE, directory / DATA_FILE)
        check_file(directory, environment)
        check_databases(directory, environment)
    except BaseException as error:
        environment.close()
        if isinstance(error, (lmdb.Error, OSError)):
            raise Faulty(f"{directory} is damaged: {error}; restore a backup") from error
        raise
    return environment


def _open_databases(environment: lmdb.Environment, lock: WriteLock) -> dict[str, _Database]:
    missing = set(NAMES) - present(environment)
    if missing:  # those that can be computed from the others
        with lock.held(), lock.committing():
            for name in missing:
                environment.open_db(name)
    return {name.decode(): environment.open_db(name, create=False) for name in NAMES}
