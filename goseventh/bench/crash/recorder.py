"""Builds `recorder.c` and reads what it recorded of a server: one order over all its processes."""

import os
import struct
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

from goseventh.bench.crash.preload import build

_EVENT = struct.Struct("<IIIIQQQq")


class Kind(IntEnum):
    """What an event says; as in recorder.c."""

    WRITE = 1
    """Entered: to write `data` at offset `place` of a file."""
    WRITE_THROUGH = 2
    """The same through a descriptor whose writes are durable when they return (O_DSYNC)."""
    TRUNCATE = 3
    """Entered: to make `place` the size of a file."""
    FLUSH = 4
    """Entered: to make a file's content, or a directory's names, durable."""
    RETURNED = 5
    """A call has returned `place`; the descriptor then stands at `inode`."""
    FILE_MADE = 6
    DIRECTORY_MADE = 7
    """There is a new one named `data` in the directory `place`."""
    RENAMED = 8
    """`inode` is now named `data` in the directory `place`: the new name, a zero byte, the old one."""
    GONE = 9
    """There is no `data` any more in the directory `place`."""
    ACKNOWLEDGED = 10
    """A 201 with the id `data` is about to be sent."""


class Event(NamedTuple):
    """One line of the recording; its position in the list of all is its moment."""

    kind: Kind
    process: int
    call: int
    seconds: float
    """By the monotonic clock, which the load shares."""
    inode: int
    place: int
    data: bytes


class Recorder:
    """Records every server that is started with `variables` over a store somewhere below `root`."""

    def __init__(self, work: Path, root: Path) -> None:
        """`work` is a place for the library and the log; `root` exists and is durable."""
        self._log = work / "recording"
        self._events: list[Event] = []
        self._read = 0
        self.root = root.resolve()
        self.library = build(Path(__file__).with_name("recorder.c"), work / "recorder.so")
        self.variables = {
            "LD_PRELOAD": str(self.library),
            "RECORDER_LOG": str(self._log),
            "RECORDER_ROOT": str(self.root),
        }

    def clear(self) -> None:
        """Forgets all that was recorded, for a `root` that is empty again. No server may run."""
        os.truncate(self._log, 0)
        self._events = []
        self._read = 0

    def events(self) -> list[Event]:
        """All that was recorded until now; each is read once. No server may be in the midst of a call."""
        with self._log.open("rb") as log:
            log.seek(self._read)
            recorded = log.read()
        position = 0
        while position < len(recorded):
            kind, process, length, _, call, time, inode, place = _EVENT.unpack_from(recorded, position)
            position += _EVENT.size
            data = recorded[position : position + length]
            position += length
            self._events.append(Event(Kind(kind), process, call, time / 1e9, inode, place, data))
        self._read += position
        return self._events


def acknowledged(events: list[Event]) -> dict[str, float]:
    """Id → when its first 201 was about to be sent, in the order of that."""
    found: dict[str, float] = {}
    for event in events:
        if event.kind is Kind.ACKNOWLEDGED:
            found.setdefault(event.data.decode(), event.seconds)
    return found
