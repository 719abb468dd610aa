"""What the blocks of a span of entries may contain: bits that spare a search most of the text.

    signature := header, common, rows … as the parts 0, 1, 2 … of a table (see `index.tables`)
    header    := magic "GSS2" | entries u32 | entries a block u32 | short rows u32 | long rows u32 |
                 length of the texts, about, u64                           integers little-endian
    common    := code u32, as many as there are, rising
    rows      := row, as many as PART bytes hold, those of short grams first
    row       := one bit a block of neighbours, the first block lowest; padded with 0 to whole bytes

A gram (see `index.grams`) is hashed: its code times a multiplier modulo 2**32, of which the upper 16 bits,
times the number of rows of its kind, divided by 2**16, are the number of its row. A long gram has one row, a
short one two, by two multipliers. A bit says that some entry of the block has a gram of the row. A needle
can only be where the rows of its grams have a 1; where they do it need not be (BitFunnel, SIGIR 2017). One
shorter than a long gram is itself a short one. Those in many blocks have no row: a search for one finds
enough wherever it begins. So the rows are of the rare ones alone, and stay sparse.

A signature is a pure function of its texts, to the byte: whoever changes a number here or there that matters
for it changes the magic too.
"""

import struct
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index import grams, tables
from index.grams import Codes
from index.tables import Parts, Table
from index.term_log import Slice

MAGIC = b"GSS2"
BLOCK = 128
"""Entries a block: what one set bit costs to scan, at 25 GB/s about a microsecond."""
_COMMON, _ROWS = 1, 2
# Rows of long grams are a fifth of the text: some 30 bytes a person of the tournament, 1 bit in 5 of them
# set.
_LONG_SHARE = 5
# Rows of short grams have 64 bits for each time that one is in a block, but are at most a sixteenth of the
# text.
_SHORT_BITS = 64
_SHORT_SHARE = 16
# The hash has 16 bits. So a table is at most 16 MiB, and very long texts fill it with ones.
_MOST_ROWS = 1 << 16
# At 1 bit in 5, eight grams leave one block in 400,000; the others are for grams that are in every block.
_NEEDLE_GRAMS = 16
# More of them leave so few blocks that looking into the short grams, too, takes longer than to scan these.
_FEW_GRAMS = 4
# Odd numbers whose bits look random: the golden ratio of 2**32, and one from MurmurHash3's finaliser.
_MULTIPLIERS = (0x9E3779B1, 0xC2B2AE35)
_ASCII = 0x7F
_MOST_BLOCKS = 1 << 16
# Headers of so many tables are read once: those of 100 million people.
_OPENED = 400
_HEADER = struct.Struct("<4sIIIIQ")


class SignatureError(ValueError):
    """The bytes are not a signature, or not the ones that were written."""


class Signature(NamedTuple):
    """A signature opened by its header."""

    entries: int
    """How many entries it is of."""
    block: int
    """Entries a block."""
    short: int
    """How many rows of short grams."""
    long: int
    """How many rows of long grams."""
    length: int
    """About how many bytes of text."""
    blocks: int
    """How many there are."""
    width: int
    """Bytes a row."""


def build(texts: Iterable[Slice], entries: int) -> list[bytes]:
    """The parts of the signature of so many texts: about 1.5 µs a person, in steps of at most 0.2 ms.

    Walks `texts` twice. Takes twice the memory of what it makes, and what `grams.common` takes.
    """
    width = -(-entries // (8 * BLOCK))
    known = grams.common(texts, BLOCK)
    short = _fit(min(known.pairs * _SHORT_BITS // 8, known.length // _SHORT_SHARE), width)
    long = _fit(known.length // _LONG_SHARE, width)
    planes = np.zeros((width, short + long), np.uint8)
    for piece in grams.pieces(texts, BLOCK):
        plane, bit = planes[piece.block // 8], np.uint8(1 << piece.block % 8)
        # A row that comes twice gets the same value twice. Other types of indices are slower.
        plane[short:][_rows(piece.long, long, _MULTIPLIERS[0])] |= bit
        rare = known.rare(piece)
        for multiplier in _MULTIPLIERS:
            plane[_rows(rare, short, multiplier)] |= bit
    header = _HEADER.pack(MAGIC, entries, BLOCK, short, long, known.length)
    step = _rows_a_part(width)
    rows = (planes[:, first : first + step].T.tobytes() for first in range(0, short + long, step))
    return [header, known.codes.tobytes(), *rows]


@lru_cache(_OPENED)
def read(header: bytes) -> Signature:
    """Opens a signature by its header; SignatureError if it is none."""
    if len(header) != _HEADER.size:
        raise SignatureError("its header has a wrong length")
    magic, entries, block, short, long, length = _HEADER.unpack(header)
    if magic != MAGIC or not all((entries, block, short, long, length)):
        raise SignatureError("its header is none")
    blocks = -(-entries // block)
    if blocks > _MOST_BLOCKS:
        raise SignatureError("its header has too many blocks")
    return Signature(entries, block, short, long, length, blocks, -(-blocks // 8))


class Wanted(NamedTuple):
    """What a needle is looked up by: computed once, for all signatures."""

    long: Sequence[int]
    """Hashes of long grams spread over the needle; none if it is too short."""
    short: int | None
    """The code of one short gram: itself, if it is one, else one that may tell more than the long ones."""


def wanted(needle: bytes) -> Wanted:
    """What to look `needle` up by, which is UTF-8."""
    count = max(0, len(needle) - grams.LONG + 1)
    step = max(1, -(-count // _NEEDLE_GRAMS))
    long = [
        _hash(grams.code_of(needle[at : at + grams.LONG]), _MULTIPLIERS[0]) for at in range(0, count, step)
    ]
    return Wanted(long, _short(needle) if count <= _FEW_GRAMS else None)


def candidates(opened: Signature, asked: Wanted, table: Table) -> int:
    """The blocks, a bit each, outside which a needle is not; SignatureError if a row is missing.

    `opened` is the table's header.
    """
    parts, views = table.parts, table.views
    left = (1 << opened.blocks) - 1
    width, step = opened.width, _rows_a_part(opened.width) * opened.width
    for number in _rows_of(opened, asked, parts):
        which, at = divmod(number * width, step)
        row = (views.get(_ROWS + which) or parts(_ROWS + which))[at : at + width]
        if len(row) < width:
            raise SignatureError("a row is missing")
        left &= int.from_bytes(row, "little")
        if not left:
            break
    return left


def _rows_of(opened: Signature, asked: Wanted, parts: Parts) -> Iterator[int]:
    """The numbers of the rows of what is asked, those that may tell most first: often a few are enough."""
    if asked.short is not None and not _holds(tables.content(parts(_COMMON)).cast("I"), asked.short):
        for multiplier in _MULTIPLIERS:
            yield _hash(asked.short, multiplier) * opened.short >> 16
    first, count = opened.short, opened.long
    for hashed in asked.long:
        yield first + (hashed * count >> 16)


def _short(needle: bytes) -> int | None:
    if len(needle) >= grams.LONG:
        # Letters of ASCII are common everywhere. The first other one often is not, and then its gram leaves
        # fewer blocks than a few long ones.
        at = next((at for at, byte in enumerate(needle) if byte > _ASCII), None)
        if at is None:
            return None
        at = min(at, len(needle) - grams.SHORT)
        needle = needle[at : at + grams.SHORT]
    return grams.code_of(needle) if needle else None


def _fit(size: int, width: int) -> int:
    return max(1, min(size // width, _MOST_ROWS))


def _rows(codes: Codes, count: int, multiplier: int) -> NDArray[np.intp]:
    hashed = codes * np.uint32(multiplier) >> np.uint32(16)
    return (hashed * np.uint32(count) >> np.uint32(16)).astype(np.intp)


def _hash(code: int, multiplier: int) -> int:
    return (code * multiplier & 0xFFFFFFFF) >> 16


def _rows_a_part(width: int) -> int:
    return max(1, tables.PART // width)


def _holds(codes: memoryview, code: int) -> bool:
    at = bisect_left(codes, code)
    return at < len(codes) and codes[at] == code
