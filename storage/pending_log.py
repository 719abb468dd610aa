"""One process's hold of the pending log: it tails what any worker appends, and appends under a lock.

Whoever appends holds the append lock and has read everything before: so each nickname is given once and the
sequence has no gap. A process killed while it appends leaves a cut frame, which nobody was answered for and
which the next to append cuts off. The log goes on in a new file from time to time, so that those that hold
only durable people can go.
"""

import errno
import fcntl
import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from index import segment, substring
from index.segment import Segment
from storage import pending_format
from storage.errors import Unknown
from storage.pending_format import Group

PATTERN = "pending-*.log"
_APPEND_LOCK = "pending.lock"
_DRAIN_LOCK = "drain.lock"
# About what the tournament's peak writes in a minute; after that a file is a list of the durable.
_FILE_LIMIT = 16 << 20
_CHUNK = 1 << 20


class Held(NamedTuple):
    """A group in memory, with its text as a segment so that searches scan it like any other."""

    group: Group
    texts: Segment


def search(recent: Sequence[Held], needle: bytes, limit: int, sequence: int) -> list[bytes]:
    """Documents of the first `limit` people beyond `sequence` whose text contains `needle`, oldest first."""
    documents: list[bytes] = []
    for held in recent:
        found: list[bytes] = []
        if held.group.last > sequence:
            substring.scan(held.texts, needle, len(held.group.people), found)
        matching = set(found)
        documents += [
            person.document
            for number, person in enumerate(held.group.people, held.group.sequence)
            if number > sequence and person.id in matching
        ]
        if len(documents) >= limit:
            break
    return documents[:limit]


def count(recent: Sequence[Held], sequence: int) -> int:
    """How many people are beyond `sequence`."""
    return max(0, recent[-1].group.last - sequence) if recent else 0


def number_of(recent: Sequence[Held], key: bytes) -> int:
    """The sequence number of the person with this id; raises Unknown."""
    for held in recent:
        for number, person in enumerate(held.group.people, held.group.sequence):
            if person.id == key:
                return number
    raise Unknown("nobody has this id")


class PendingLog:
    """The log as of the last `refresh`. Its readers may be on any thread."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._append_lock = os.open(directory / _APPEND_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._drain_lock = os.open(directory / _DRAIN_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        # Guards everything below: the event loop and the search thread read, writer and drainer feed.
        self._mutex = Lock()
        self._held: deque[Held] = deque()
        self._documents: dict[bytes, bytes] = {}
        self._ids: dict[bytes, bytes] = {}
        # The last number and clock ever seen in the log, forgotten or not.
        self._sequence = 0
        self._clock = 0
        # Numbers of files that the log has moved on from → the last sequence number in them.
        self._left: dict[int, int] = {}
        self._number = 0
        self._file = -1
        self._offset = 0
        with self._mutex:
            self._open_next()

    def close(self) -> None:
        """Closes its files; what they hold stays."""
        for descriptor in (self._file, self._append_lock, self._drain_lock):
            os.close(descriptor)

    def refresh(self) -> None:
        """Reads what has been appended since."""
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

    def recent(self) -> list[Held]:
        """Every group in memory, the oldest first, as of now.

        Taken before a durable snapshot, it holds everybody who is not in that; whoever is in both has a
        sequence number up to the snapshot's.
        """
        with self._mutex:
            self._read()
            return list(self._held)

    def forget(self, sequence: int) -> None:
        """Drops from memory the groups that are durable up to `sequence`."""
        with self._mutex:
            while self._held and self._held[0].group.last <= sequence:
                for person in self._held.popleft().group.people:
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

    @contextmanager
    def draining(self) -> Iterator[bool]:
        """Holds the drain lock, or says False at once while another process does."""
        try:
            fcntl.flock(self._drain_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            fcntl.flock(self._drain_lock, fcntl.LOCK_UN)

    def append(self, group: Group) -> None:
        """Adds a group, within `appending`. Raises OSError, with nothing added, if the disk takes no more."""
        with self._mutex:
            self._append(pending_format.pack(group))
            self._hold(group)
            if self._offset > _FILE_LIMIT:
                self._move()

    def discard(self, sequence: int) -> None:
        """Removes files that hold nobody beyond `sequence`, within `draining`."""
        with self._mutex:
            for number in [number for number, last in self._left.items() if last <= sequence]:
                del self._left[number]
                self._path(number).unlink(missing_ok=True)

    def _append(self, frame: bytes) -> None:
        if os.fstat(self._file).st_size > self._offset:
            os.ftruncate(self._file, self._offset)  # a frame cut by a kill: nobody was answered for it
        written = os.pwrite(self._file, frame, self._offset)
        if written < len(frame):
            os.ftruncate(self._file, self._offset)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._offset += written

    def _move(self) -> None:
        """Goes on in a new file, which is there before the old one says so."""
        following = os.open(self._path(self._number + 1), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        os.close(following)
        self._append(pending_format.moved())
        self._leave()

    def _leave(self) -> None:
        self._left[self._number] = self._sequence
        os.close(self._file)
        self._open_next()

    def _open_next(self) -> None:
        """Opens the next file that is still there: those between held only what is durable by now."""
        numbers = sorted(int(path.stem.rpartition("-")[2]) for path in self._directory.glob(PATTERN))
        self._number = next((number for number in numbers if number > self._number), self._number + 1)
        self._file = os.open(self._path(self._number), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._offset = 0

    def _read(self) -> None:
        size = _CHUNK
        while stored := os.pread(self._file, size, self._offset):
            begin, consumed = self._offset, 0
            for group, end in pending_format.frames(stored):
                consumed = end
                if group is None:
                    self._leave()
                    break
                self._hold(group)
            else:
                self._offset = begin + consumed
                if consumed == 0 and len(stored) < size:
                    return  # what is there is no whole frame yet
                size = _CHUNK if consumed else size * 2

    def _hold(self, group: Group) -> None:
        entries = [(person.id, person.text) for person in group.people]
        self._held.append(Held(group, segment.read(memoryview(segment.build(entries)))))
        for person in group.people:
            self._documents[person.id] = person.document
            self._ids[person.nickname] = person.id
        self._sequence, self._clock = group.last, group.clock

    def _path(self, number: int) -> Path:
        return self._directory / f"pending-{number:08d}.log"
