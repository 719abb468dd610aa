"""The right to write: one thread of all processes of a store has it, from a transaction's begin to its end.

LMDB has such a lock too, but gives it back inside a commit that fails. A meta page whose write failed may be
on the disk all the same. LMDB then writes the old one back, unflushed; and whoever writes next reuses pages
that the new one refers to, so that until their flush a power cut leaves the new one over pages of two
transactions. Here the next to write first sees to it that the disk has the meta pages that LMDB goes on from.
"""

import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

_NAME = "write.lock"
_META_PAGES = 2
# The file's only byte.
_SETTLED, _UNSETTLED = 0, 1


class WriteLock:
    """One process's hold of it."""

    def __init__(self, directory: Path, data_file: Path, page_size: int) -> None:
        """Opens the lock in `directory`; raises OSError."""
        self._data_file = data_file
        self._meta_size = _META_PAGES * page_size
        self._threads = Lock()
        self._file = os.open(directory / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            if os.fstat(self._file).st_size == 0:
                os.pwrite(self._file, bytes([_UNSETTLED]), 0)
            self._state = mmap.mmap(self._file, 1)
        except BaseException:
            os.close(self._file)
            raise

    def close(self) -> None:
        """Closes it; nobody here may hold it."""
        self._state.close()
        os.close(self._file)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Waits for the lock; holds it inside. A killed process gives its own back.

        Raises OSError if the last commit failed, or was cut off, and its traces can't be removed.
        """
        with self._threads:
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

    def _settle(self) -> None:
        """Makes the meta pages durable as LMDB sees them.

        They are written anew, for Linux counts as clean what a failed flush was to write.
        """
        descriptor = os.open(self._data_file, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.pwrite(descriptor, os.pread(descriptor, self._meta_size, 0), 0)
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)
        self._state[0] = _SETTLED
