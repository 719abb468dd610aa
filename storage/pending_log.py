"""One process's hold of the pending log: it tails what any worker appends, and appends under a lock.

Whoever appends holds the append lock and has read everything before: so each nickname is given once and the
numbers have no gap. A process killed while it appends leaves a cut frame, which nobody was answered for and
which the next to append cuts off.

The log goes on in a new file from time to time, so that those that hold only durable people can go. What
that rests on, whoever is killed or sleeps between any two steps:

- A file is made only under the append lock, and is the next in number; before the one before says "moved".
- Files go in the order of their numbers, under the drain lock, and never one that does not say "moved". So
  there is always a last one, and what is missing below it held only the durable.
- Nobody else makes one: whoever reads "moved" tries the numbers that follow, one by one, and finds the first
  that is left. Only who opens the log looks at what is there, under the append lock, so that none is made
  meanwhile.
"""

import errno
import fcntl
import os
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Lock

from storage import lock, pending_format
from storage.pending_format import Group

PATTERN = "pending-*.log"
_APPEND_LOCK = "pending.lock"
_DRAIN_LOCK = "drain.lock"
# About what the tournament's peak writes in a minute; after that a file is a list of the durable.
FILE_LIMIT = 16 << 20
_CHUNK = 1 << 20
# Nobody sleeps while the others fill so many files.
_MOST_FILES = 1 << 16


class PendingLog:
    """The log as of the last `refresh`. Its readers may be on any thread."""

    def __init__(self, directory: Path) -> None:
        """Opens it, and makes its first file if there is none; raises OSError."""
        self._directory = directory
        self._append_lock = os.open(directory / _APPEND_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._drain_lock = os.open(directory / _DRAIN_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        # Guards everything below: the event loop and the search thread read, writer and drainer feed. Nothing
        # is written, made or removed while it is held, for the event loop waits for it.
        self._mutex = Lock()
        self._groups: deque[Group] = deque()
        self._documents: dict[bytes, bytes] = {}
        self._ids: dict[bytes, bytes] = {}
        # The last number and clock ever seen in the log, forgotten or not.
        self._sequence = 0
        self._clock = 0
        # Numbers of files that the log has moved on from → the last sequence number in them; rising both.
        self._left: dict[int, int] = {}
        fcntl.flock(self._append_lock, fcntl.LOCK_EX)
        try:
            self._number, self._file = self._open_first()
        finally:
            fcntl.flock(self._append_lock, fcntl.LOCK_UN)
        self._offset = 0

    def close(self) -> None:
        """Closes its files; what they hold stays."""
        for descriptor in (self._file, self._append_lock, self._drain_lock):
            os.close(descriptor)

    def refresh(self) -> None:
        """Reads what has been appended since. Raises OSError, and can be tried again."""
        with self._mutex:
            self._read()

    def get(self, key: bytes) -> bytes | None:
        """The document of a person in the log."""
        return self._documents.get(key)

    def holder(self, nickname: bytes) -> bytes | None:
        """The id of the person in the log who has the nickname."""
        return self._ids.get(nickname)

    def last(self) -> tuple[int, int]:
        """The last sequence number and id clock in the log; 0 and 0 before there was any."""
        with self._mutex:
            return self._sequence, self._clock

    def recent(self) -> list[Group]:
        """Every group in memory, the oldest first, as of now.

        Taken before a durable snapshot, it holds everybody who is not in that; whoever is in both has a
        sequence number up to the snapshot's.
        """
        with self._mutex:
            self._read()
            return list(self._groups)

    def forget(self, sequence: int) -> None:
        """Drops from memory the groups that are durable up to `sequence`."""
        with self._mutex:
            while self._groups and self._groups[0].last <= sequence:
                for person in self._groups.popleft().people:
                    del self._documents[person.id]
                    del self._ids[person.nickname]

    @contextmanager
    def appending(self) -> Iterator[None]:
        """Holds the append lock, with everything read that was appended before."""
        fcntl.flock(self._append_lock, fcntl.LOCK_EX)
        try:
            self.refresh()
            yield
        finally:
            fcntl.flock(self._append_lock, fcntl.LOCK_UN)

    def draining(self) -> AbstractContextManager[bool]:
        """Holds the drain lock, or says False at once while another process does."""
        return lock.unless_held(self._drain_lock)

    def append(self, group: Group) -> None:
        """Adds a group, within `appending`.

        Raises OSError if the disk takes no more, and TooLarge; nothing was added then.
        """
        frame = pending_format.pack(group)
        if self._offset > FILE_LIMIT:
            self._move()
        begin = self._offset
        self._write(frame)
        with self._mutex:
            if self._offset == begin:  # or a reader on another thread was faster
                self._hold(group)
                self._offset += len(frame)

    def discard(self, sequence: int) -> None:
        """Removes files that hold nobody beyond `sequence`, within `draining`."""
        with self._mutex:
            gone = [number for number, last in self._left.items() if last <= sequence]
        for number in gone:
            self._path(number).unlink(missing_ok=True)  # by another worker, perhaps
        with self._mutex:
            for number in gone:
                del self._left[number]

    def _write(self, frame: bytes) -> None:
        """Puts a frame where the log ends, within `appending`; whole, or not at all."""
        left = os.fstat(self._file).st_size - self._offset
        if left:
            begin = os.pread(self._file, pending_format.HEAD_SIZE, self._offset)
            if left < 0 or not pending_format.may_be_cut(begin, left):
                # People may be behind it who were answered: whoever starts next sets the file aside.
                raise OSError(errno.EIO, "the log has lost some of what was in it")
            os.ftruncate(self._file, self._offset)  # a frame cut by a kill: nobody was answered for it
        try:
            if os.pwrite(self._file, frame, self._offset) < len(frame):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            os.ftruncate(self._file, self._offset)
            raise

    def _move(self) -> None:
        """Goes on in a new file, within `appending`."""
        # One that somebody made who was killed before saying so is empty, and as good.
        os.close(os.open(self._path(self._number + 1), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640))
        self._write(pending_format.moved())
        self.refresh()

    def _open_first(self) -> tuple[int, int]:
        """Number and descriptor of the first file, with the append lock held."""
        numbers = [int(path.stem.rpartition("-")[2]) for path in self._directory.glob(PATTERN)]
        if numbers:
            return self._open_from(min(numbers))
        return 1, os.open(self._path(1), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)

    def _open_from(self, first: int) -> tuple[int, int]:
        """Number and descriptor of the first file that is left from `first` on; there is one."""
        for number in range(first, first + _MOST_FILES):
            try:
                return number, os.open(self._path(number), os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                continue  # it was there, and held only the durable
        raise FileNotFoundError(errno.ENOENT, "the log was removed while it was in use", str(self._directory))

    def _follow(self) -> None:
        number, file = self._open_from(self._number + 1)
        self._left[self._number] = self._sequence
        os.close(self._file)
        self._number, self._file, self._offset = number, file, 0

    def _read(self) -> None:
        size = _CHUNK
        while stored := os.pread(self._file, size, self._offset):
            begin, consumed = self._offset, 0
            for group, end in pending_format.frames(stored):
                if group is None:
                    self._follow()
                    break
                self._hold(group)
                consumed = end
                self._offset = begin + end
            else:
                if consumed == 0 and len(stored) < size:
                    return  # what is there is no whole frame yet
                size = _CHUNK if consumed else size * 2

    def _hold(self, group: Group) -> None:
        self._groups.append(group)
        for person in group.people:
            self._documents[person.id] = person.document
            self._ids[person.nickname] = person.id
        self._sequence, self._clock = group.last, group.clock

    def _path(self, number: int) -> Path:
        return self._directory / f"pending-{number:08d}.log"
