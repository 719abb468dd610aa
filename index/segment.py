"""One immutable run of entries: a 16-byte key and a text each, in the order they were given.

    segment := header keys offsets texts            integers little-endian
    header  := magic "GSG1" | entries u32 | length of texts u32 | CRC-32C of keys, offsets and texts u32
    keys    := 16 bytes an entry
    offsets := u32 an entry: where its text begins within texts
    texts   := text ENTRY_END, an entry

Keys and texts are each in one piece, so that a scan reads nothing but text.
"""

import struct
import sys
from array import array
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import google_crc32c

from index.text import ENTRY_END

MAGIC = b"GSG1"
KEY_SIZE = 16
_HEADER = struct.Struct("<4sIII")
# "I" is the machine's own unsigned int: the format is little-endian wherever LMDB's own file is.
assert (sys.byteorder, array("I").itemsize) == ("little", 4)

Entry = tuple[bytes, bytes]
"""(key of 16 bytes, text)."""


class SegmentError(ValueError):
    """The bytes are not a segment, or not the ones that were written."""


class Segment(NamedTuple):
    """A segment opened over its stored bytes, copying nothing."""

    keys: memoryview
    """Bytes: 16 an entry."""
    offsets: memoryview
    """Unsigned 32-bit integers: one an entry, rising from 0."""
    texts: memoryview
    """Bytes: every text, each followed by ENTRY_END."""

    def key(self, position: int) -> bytes:
        """The key of the entry at `position`, counted from 0."""
        return bytes(self.keys[position * KEY_SIZE : (position + 1) * KEY_SIZE])

    def text(self, position: int) -> bytes:
        """The text of the entry at `position`."""
        return bytes(self.stretch(position, position + 1)[: -len(ENTRY_END)])

    def stretch(self, begin: int, end: int) -> memoryview:
        """The texts of the entries from `begin` to before `end`, each with its ENTRY_END."""
        return self.texts[self.offsets[begin] : self.stop(end)]

    def stop(self, end: int) -> int:
        """Where within texts those of the entries before `end` end."""
        return self.offsets[end] if end < len(self.offsets) else len(self.texts)


def entry_size(entry: Entry) -> int:
    """How many bytes an entry adds to a segment."""
    return KEY_SIZE + 4 + len(entry[1]) + 1


def build(entries: Sequence[Entry]) -> bytes:
    """The segment that holds `entries` in their order."""
    keys = b"".join([key for key, _ in entries])
    texts = ENTRY_END.join([text for _, text in entries]) + ENTRY_END
    lengths = [len(text) + 1 for _, text in entries]
    return _assemble(keys, array("I", [0, *accumulate(lengths[:-1])]), texts)


def merge(segments: Sequence[Segment]) -> bytes:
    """The one segment that holds what `segments` hold, in their order."""
    offsets = array("I")
    base = 0
    for part in segments:
        offsets.extend([base + offset for offset in part.offsets])
        base += len(part.texts)
    keys = b"".join([part.keys for part in segments])
    return _assemble(keys, offsets, b"".join([part.texts for part in segments]))


def read(stored: memoryview) -> Segment:
    """Opens a stored segment by its header; SegmentError if header and length disagree.

    The views live as long as the transaction that `stored` came from.
    """
    try:
        magic, entries, length, _ = _HEADER.unpack_from(stored)
    except struct.error as error:
        raise SegmentError("shorter than its header") from error
    offsets = _HEADER.size + entries * KEY_SIZE
    texts = offsets + entries * 4
    if magic != MAGIC or entries == 0 or texts + length != len(stored):
        raise SegmentError("header and length disagree")
    return Segment(stored[_HEADER.size : offsets], stored[offsets:texts].cast("I"), stored[texts:])


def verify(stored: memoryview) -> Segment:
    """Opens a stored segment and checks every byte of it; SegmentError says what is wrong."""
    opened = read(stored)
    if google_crc32c.value(bytes(stored[_HEADER.size :])) != _HEADER.unpack_from(stored)[3]:
        raise SegmentError("checksum differs")
    texts = bytes(opened.texts)
    ends = [offset - 1 for offset in opened.offsets[1:]] + [len(texts) - 1]
    if opened.offsets[0] != 0 or any(texts[end : end + 1] != ENTRY_END for end in ends):
        raise SegmentError("an offset is not where a text begins")
    if texts.count(ENTRY_END) != len(ends):
        raise SegmentError("texts and keys differ in number")
    return opened


def _assemble(keys: bytes, offsets: "array[int]", texts: bytes) -> bytes:
    body = keys + offsets.tobytes() + texts
    return _HEADER.pack(MAGIC, len(offsets), len(texts), google_crc32c.value(body)) + body
