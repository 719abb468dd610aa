"""What the blocks of a segment may contain: bits that spare a search most of the text.

    signature := header rows                        integers little-endian
    header    := magic "GSS1" | entries u32 | entries a block u32 | rows u32 | CRC-32C of all other bytes u32
    rows      := row, as many as the header says: a power of two
    row       := one bit a block of neighbours, the first block lowest; padded with 0 to whole bytes

A gram is 4 neighbouring bytes of a field. Its row has the number that the top bits of (gram, little-endian,
times _MULTIPLIER, modulo 2**32) are. A bit says that some entry of the block has a gram of the row. A needle
can only be where the rows of all its grams have a 1; where they do it need not be (BitFunnel, SIGIR 2017).

A signature is a pure function of its segment, to the byte: whoever changes a number below that matters for it
changes the magic too.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from index.segment import Segment
from index.text import FIELD_END

MAGIC = b"GSS1"
GRAM = 4
"""Bytes of a gram; shorter needles have none."""

# A block is what one set bit costs to scan: at 25 GB/s about a microsecond.
_BLOCK_ENTRIES = 128
_BLOCK_TEXT = 32 << 10
# Rows are at most a quarter of the text: some 32 bytes a person of the tournament, 1 bit in 5 of them set.
_TEXT_SHARE = 4
# At 1 bit in 5, eight grams leave one block in 400,000; the others are for grams that are in every block.
_NEEDLE_GRAMS = 16
# The golden ratio of 2**32: neighbouring grams land far apart.
_MULTIPLIER = 0x9E3779B1
# Text hashed by one numpy call: it fits the cache, and nobody waits for the GIL for longer than 0.1 ms.
_PIECE = 32 << 10
_HEADER = struct.Struct("<4sIIII")
_CHECKED = 16


class SignatureError(ValueError):
    """The bytes are not a signature, or not the ones that were written."""


class Signature(NamedTuple):
    """A signature opened over its stored bytes, copying nothing."""

    entries: int
    """How many entries its segment holds."""
    span: int
    """Entries a block."""
    width: int
    """Bytes a row."""
    shift: int
    """How far a gram's hash of 32 bits goes right to be the number of its row."""
    rows: memoryview


def build(part: Segment) -> bytes:
    """The signature of a segment: some 0.6 µs a person of the tournament, in steps of at most 0.5 ms."""
    offsets = part.offsets
    entries, length = len(offsets), len(part.texts)
    span = _span(entries, length)
    width = _width(entries, span)
    shift = 32 - max(1, length // _TEXT_SHARE // width).bit_length() + 1
    planes = np.zeros((width, 1 << (32 - shift)), np.uint8)
    for block, first in enumerate(range(0, entries, span)):
        end = offsets[first + span] if first + span < entries else length
        plane, bit = planes[block // 8], np.uint8(1 << block % 8)
        for begin in range(offsets[first], end, _PIECE):
            hashed = _hash_all(part.texts[begin : min(begin + _PIECE + GRAM - 1, end)])
            # A row that comes twice gets the same value twice. Other types of indices are slower.
            plane[(hashed >> np.uint32(shift)).astype(np.intp)] |= bit
    body = planes.T.tobytes()
    checked = _HEADER.pack(MAGIC, entries, span, planes.shape[1], 0)[:_CHECKED]
    return checked + _checksum(checked, body) + body


def read(stored: memoryview) -> Signature:
    """Opens a stored signature by its header; SignatureError if header and length disagree.

    The view lives as long as the transaction that `stored` came from.
    """
    try:
        magic, entries, span, rows, _ = _HEADER.unpack_from(stored)
    except struct.error as error:
        raise SignatureError("shorter than its header") from error
    if magic != MAGIC or not entries or not span or rows.bit_count() != 1:
        raise SignatureError("its header is none")
    width = _width(entries, span)
    if _HEADER.size + rows * width != len(stored):
        raise SignatureError("header and length disagree")
    return Signature(entries, span, width, 33 - rows.bit_length(), stored[_HEADER.size :])


def verify(stored: memoryview) -> Signature:
    """Opens a stored signature and checks every byte of it; SignatureError says what is wrong."""
    opened = read(stored)
    if _checksum(bytes(stored[:_CHECKED]), bytes(opened.rows)) != stored[_CHECKED : _HEADER.size]:
        raise SignatureError("checksum differs")
    return opened


def hashes(needle: bytes) -> Sequence[int]:
    """What `candidates` asks for: hashes of grams spread over `needle`, which is UTF-8; none if too short."""
    grams = max(0, len(needle) - GRAM + 1)
    return [
        int.from_bytes(needle[at : at + GRAM], "little") * _MULTIPLIER & 0xFFFFFFFF
        for at in range(0, grams, max(1, -(-grams // _NEEDLE_GRAMS)))
    ]


def candidates(opened: Signature, hashed: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Runs of entries, from the first to before the second number, outside which the needle is not."""
    entries, span, width, shift, rows = opened
    left = (1 << -(-entries // span)) - 1
    for value in hashed:
        at = (value >> shift) * width
        left &= int.from_bytes(rows[at : at + width], "little")
        if not left:
            return
    while left:
        lowest = left & -left
        carried = left + lowest  # the lowest run of ones becomes one bit, behind its end
        behind = carried & -carried
        yield (lowest.bit_length() - 1) * span, min((behind.bit_length() - 1) * span, entries)
        left = carried ^ behind


def _span(entries: int, length: int) -> int:
    """Entries a block: a power of two, and fewer where entries are so long that blocks would grow huge."""
    return min(_BLOCK_ENTRIES, 1 << max(1, _BLOCK_TEXT * entries // length).bit_length() - 1)


def _width(entries: int, span: int) -> int:
    return -(-entries // (8 * span))


def _hash_all(text: memoryview) -> NDArray[np.uint32]:
    """The hashes of all grams of `text` that lie within one field."""
    count = max(0, len(text) - GRAM + 1)
    grams = np.ndarray((count,), "<u4", text, strides=(1,))
    borders = np.frombuffer(text, np.uint8) >= FIELD_END[0]
    crossing = borders[:count].copy()
    for shifted in range(1, GRAM):
        crossing |= borders[shifted : shifted + count]
    return grams[~crossing] * np.uint32(_MULTIPLIER)


def _checksum(checked: bytes, body: bytes) -> bytes:
    return int(google_crc32c.extend(google_crc32c.value(checked), body)).to_bytes(4, "little")
