"""What a disk may hold after the power went at some moment of a recording.

Durable is what a flush covered: what had returned before it was entered; and what was written through. Of the
rest a disk holds nothing, everything, or any sectors of it in any order: a sector is written whole, or not.
A name is durable once its directory was flushed; a file's size with its content.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import NamedTuple

from goseventh.bench.crash.recorder import Event, Kind

SECTOR = 512


class Variant(StrEnum):
    """How much of what was not durable the disk holds."""

    NOTHING = "nothing"
    HALF = "half"
    """A random half of the sectors and names."""
    ALL = "all"


class Piece(NamedTuple):
    """What one call changes within one sector of a file, or, with no sector, the file's size."""

    moment: int
    """The event that entered it."""
    sector: int | None
    start: int
    data: bytes

    def apply(self, content: bytearray) -> None:
        if self.sector is None:
            del content[self.start :]
        if len(content) < self.start:
            content.extend(bytes(self.start - len(content)))
        content[self.start : self.start + len(self.data)] = self.data


@dataclass
class File:
    """A file: what of it is durable, and in order what is not."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[Piece] = field(default_factory=list)

    def settle(self, moments: set[int]) -> None:
        """Makes the pieces of these calls durable, each with what was in its sector before it."""
        last = {piece.sector: piece.moment for piece in self.pending if piece.moment in moments}
        left = []
        for piece in self.pending:
            if piece.moment <= last.get(piece.sector, -1):
                piece.apply(self.durable)
            else:
                left.append(piece)
        self.pending = left

    def cut(self, moment: int, end: int) -> None:
        """Takes back what this call was to change and did not, for it got only up to `end`."""
        self.pending = [
            piece._replace(data=piece.data[: end - piece.start]) if piece.moment == moment else piece
            for piece in self.pending
            if piece.moment != moment or piece.start < end
        ]

    def content(self, variant: Variant, random: Random) -> bytes:
        content = bytearray(self.durable)
        whole = len(content)
        for piece in self.pending:
            whole = piece.start if piece.sector is None else max(whole, piece.start + len(piece.data))
            if _is_kept(variant, random):
                piece.apply(content)
        if len(content) < whole and _is_kept(variant, random):
            content.extend(
                bytes(whole - len(content))
            )  # the size has grown, and what it grew by has not come
        return bytes(content)


Names = dict[str, "File | Directory"]


class Change(NamedTuple):
    """Of names in a directory: which are what now, None for gone. Happens whole or not at all."""

    moment: int
    names: "dict[str, File | Directory | None]"

    def apply(self, names: Names) -> None:
        for name, node in self.names.items():
            if node is None:
                names.pop(name, None)
            else:
                names[name] = node


@dataclass
class Directory:
    """A directory: the names that are durable, and in order the changes that are not."""

    durable: Names = field(default_factory=dict)
    pending: list[Change] = field(default_factory=list)

    def settle(self, moments: set[int]) -> None:
        for change in self.pending:
            if change.moment in moments:
                change.apply(self.durable)
        self.pending = [change for change in self.pending if change.moment not in moments]

    def names(self, variant: Variant, random: Random) -> Names:
        names = dict(self.durable)
        for change in self.pending:
            if _is_kept(variant, random):
                change.apply(names)
        return names


class Disk:
    """The disk below an empty, durable directory, as far as a recording was followed."""

    def __init__(self, root: Path) -> None:
        """`root` is there, so that its inode is known; what it holds by now does not matter."""
        self.root = Directory()
        self.position = 0
        """How many events have happened."""
        self._nodes: dict[int, File | Directory] = {root.stat().st_ino: self.root}
        # Calls that have not returned: process and number → position, event, what it covers if it is a flush.
        self._open: dict[tuple[int, int], tuple[int, Event, set[int]]] = {}
        # Events whose call has returned and failed nowhere: what a later flush covers.
        self._done: set[int] = set()

    def follow(self, events: Sequence[Event], until: int) -> None:
        """Goes on to when the first `until` of `events` have happened."""
        for moment in range(self.position, until):
            self._happen(moment, events[moment])
        self.position = max(self.position, until)

    def write(self, directory: Path, variant: Variant, random: Random) -> None:
        """Writes what the disk holds if the power goes now."""
        _write(self.root, directory, variant, random)

    def _happen(self, moment: int, event: Event) -> None:
        match event.kind:
            case Kind.RETURNED:
                self._return(event)
            case Kind.WRITE | Kind.WRITE_THROUGH:
                self._file(event.inode).pending.extend(_pieces(moment, event))
                self._enter(moment, event, set())
            case Kind.TRUNCATE:
                self._file(event.inode).pending.append(Piece(moment, None, event.place, b""))
                self._enter(moment, event, set())
            case Kind.FLUSH:
                pending = self._nodes[event.inode].pending
                self._enter(moment, event, {change.moment for change in pending} & self._done)
            case Kind.FILE_MADE | Kind.DIRECTORY_MADE | Kind.RENAMED | Kind.GONE:
                self._rename(moment, event)

    def _enter(self, moment: int, event: Event, covered: set[int]) -> None:
        self._open[event.process, event.call] = moment, event, covered

    def _return(self, event: Event) -> None:
        moment, call, covered = self._open.pop((event.process, event.call))
        node = self._nodes[call.inode]
        if call.kind is Kind.FLUSH:
            if event.place == 0:
                node.settle(covered)
            elif isinstance(node, File):
                # Linux counts as clean what a failed flush was to write: no later flush will write it.
                self._done -= covered
        elif call.kind is Kind.WRITE_THROUGH:
            if event.place == len(call.data):
                node.settle({moment})  # else it may have come to the disk, or not
        elif isinstance(node, File) and (call.kind is Kind.WRITE or event.place < 0):
            node.cut(moment, call.place + max(0, event.place))
            self._done.add(moment)
        else:
            self._done.add(moment)

    def _rename(self, moment: int, event: Event) -> None:
        name, _, old = event.data.decode().partition("\0")
        names: dict[str, File | Directory | None] = {}
        match event.kind:
            case Kind.GONE:
                names[name] = None
            case Kind.RENAMED:
                names = {old: None, name: self._nodes[event.inode]}
            case kind:
                # A new file may have the inode of one that is gone.
                names[name] = self._nodes[event.inode] = (
                    Directory() if kind is Kind.DIRECTORY_MADE else File()
                )
        directory = self._nodes[event.place]
        assert isinstance(directory, Directory)
        directory.pending.append(Change(moment, names))
        self._done.add(moment)

    def _file(self, inode: int) -> File:
        found = self._nodes[inode]
        assert isinstance(found, File)
        return found


def _pieces(moment: int, event: Event) -> Iterator[Piece]:
    position, end = event.place, event.place + len(event.data)
    while position < end:
        sector = position // SECTOR
        stop = min(end, (sector + 1) * SECTOR)
        yield Piece(moment, sector, position, event.data[position - event.place : stop - event.place])
        position = stop


def _is_kept(variant: Variant, random: Random) -> bool:
    return variant is Variant.ALL or (variant is Variant.HALF and random.random() < 0.5)


def _write(node: Directory, place: Path, variant: Variant, random: Random) -> None:
    place.mkdir()
    for name, inner in sorted(node.names(variant, random).items()):
        if isinstance(inner, Directory):
            _write(inner, place / name, variant, random)
        else:
            (place / name).write_bytes(inner.content(variant, random))
