"""The right to write: one thread of all processes of a store has it, from a transaction's begin to its end.

LMDB has such a lock too, but gives it back inside a commit that fails. A meta page whose write failed may be
on the disk all the same. LMDB then writes the old one back, unflushed; and whoever writes next reuses pages
that the new one refers to, so that until their flush a power cut leaves the new one over pages of two
transactions. Here the next to write first sees to it that the disk has the meta pages that LMDB goes on from.

After a failed flush nobody knows what the kernel still holds. So the lock is also where a process remembers
that it must not write any more, whoever of its threads asks.
"""

import errno
import fcntl
import logging
import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from storage.errors import Broken, broken, judged
from storage.layout import WRITE_LOCK, give_open

_META_PAGES = 2
# The file's only byte.
_SETTLED, _UNSETTLED = 0, 1
_log = logging.getLogger("goseventh.storage")


class WriteLock:
    """One process's hold of it."""

    def __init__(
        self, directory: Path, data_file: Path, page_size: int, tell_broken: Callable[[], None]
    ) -> None:
        """Opens the lock in `directory`; raises OSError. `tell_broken` is called once, on any thread."""
        self._tell_broken = tell_broken
        self._data_file = data_file
        self._meta_size = _META_PAGES * page_size
        self._threads = Lock()
        self._giving_up = Lock()
        self.broken: Broken | None = None
        """Why nothing in this process may write any more; set by any thread, once, and never taken back."""
        path = directory / WRITE_LOCK
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
        try:
            give_open(self._file, path, data_file)
            if os.fstat(self._file).st_size == 0:
                os.pwrite(self._file, bytes([_UNSETTLED]), 0)
            self._state = mmap.mmap(self._file, 1)
            # Nobody flushes through it but `lost_nothing`.
            self._witness = os.open(data_file, os.O_RDONLY | os.O_CLOEXEC)
        except BaseException:
            os.close(self._file)
            raise

    def close(self) -> None:
        """Closes it; nobody here may hold it."""
        self._state.close()
        os.close(self._witness)
        os.close(self._file)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Waits for the lock; holds it inside. A killed process gives its own back.

        Raises Broken once this process has given up writing; that, or Full, if the last commit failed, or was
        cut off, and its traces can't be removed.
        """
        with self._threads:
            if self.broken is not None:
                raise self.broken
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                if self._state[0] != _SETTLED:
                    self._settle()
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    @contextmanager
    def committing(self) -> Iterator[None]:
        """Around a commit: should it fail, or its process end inside, whoever writes next settles first."""
        self._state[0] = _UNSETTLED
        yield
        self._state[0] = _SETTLED

    def give_up(self, error: Exception) -> Broken:
        """Lets nothing in this process write any more; returns why."""
        with self._giving_up:
            if self.broken is None:
                self.broken = broken(error)
                _log.error("the store can't be written any more: %r", self.broken.__cause__ or error)
                self._tell_broken()
            return self.broken

    def lost_nothing(self) -> bool:
        """Whether no flush of the data file, since it was opened here, has lost what it was to write.

        Linux tells of a lost write once through each descriptor that was open by then: one that nobody else
        flushes through has yet to hear of it.
        """
        try:
            os.fdatasync(self._witness)
        except OSError:
            return False
        return True

    def _settle(self) -> None:
        """Makes the meta pages durable as LMDB sees them.

        They are written anew, for Linux counts as clean what a failed flush was to write.
        """
        try:
            descriptor = os.open(self._data_file, os.O_RDWR | os.O_CLOEXEC)
            try:
                pages = os.pread(descriptor, self._meta_size, 0)
                if os.pwrite(descriptor, pages, 0) < len(pages):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                self._flush(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            found = judged(error)
            raise self.give_up(error) if isinstance(found, Broken) else found from error
        self._state[0] = _SETTLED

    def _flush(self, descriptor: int) -> None:
        try:
            os.fdatasync(descriptor)
        except OSError as error:  # whatever it is: a full disk too has lost something by now
            raise self.give_up(error) from error
