"""The grams of texts: all sequences of 1 to 4 bytes within a field, a block of entries at a time.

A long gram has 4 bytes, a short one 1 to 3. The code of a gram is its bytes, little-endian, padded with 0xFF
to 3 bytes, which no gram contains. Everything here goes in numpy calls of at most 0.1 ms, so that nobody
waits for the GIL for longer.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.term_log import Slice
from index.text import ENTRY_END, FIELD_END

LONG = 4
"""Bytes of a long gram."""
SHORT = 3
"""Bytes of the longest short gram."""
_CODES = 1 << 24
# Makes of a short gram's code that of itself, of its first two bytes, of its first.
_PREFIXES = (0, 0xFF0000, 0xFFFF00)
# "None begins here" as a code.
_NONE = 0xFFFFFF
# Text, or codes, handled by one numpy call: it fits the cache.
_PIECE = 32 << 10
# Codes whose third byte is the same.
_STRETCH = 1 << 16
# One block in so many tells which short grams are common: those in more than one in so many of them.
_SAMPLE = 4
_COMMON = 16

Codes = NDArray[np.uint32]


class Piece(NamedTuple):
    """Some text of a block."""

    block: int
    long: Codes
    """The long grams in it."""
    short: Codes
    """The longest short gram from each place on."""


class Common(NamedTuple):
    """Which short grams are common."""

    codes: Codes
    """Theirs, rising."""
    table: NDArray[np.bool_]
    """For each code, whether it is one of them, or of none."""
    pairs: int
    """About how many pairs there are of a block and a short gram in it that is not common."""
    length: int
    """About how many bytes there are in all."""

    def rare(self, piece: Piece) -> Codes:
        """The short grams of `piece` that are not common."""
        # What begins a rare gram may be common, but what begins a common one is.
        longest = piece.short[~self.table.take(piece.short)]
        codes = np.concatenate([longest | np.uint32(prefix) for prefix in _PREFIXES])
        return codes[~self.table.take(codes)]


def code_of(gram: bytes) -> int:
    """The code of a gram."""
    return int.from_bytes(gram.ljust(SHORT, ENTRY_END), "little")


def pieces(texts: Iterable[Slice], entries: int, every: int = 1) -> Iterator[Piece]:
    """The grams of all blocks of so many entries, or of one in `every`."""
    number = 0
    for part, begin, end in texts:
        while begin < end:
            stop = min(end, begin + entries - number % entries)
            if number // entries % every == 0:
                text = part.stretch(begin, stop)
                for at in range(0, len(text), _PIECE):
                    yield _piece(number // entries, bytes(text[at : at + _PIECE + LONG - 1]))
            number += stop - begin
            begin = stop


def common(texts: Iterable[Slice], entries: int) -> Common:
    """The short grams that are in many blocks of so many entries, so that a search for one ends early.

    Takes some MiB of memory, and up to 80 of text in which all of them occur.
    """
    # The system gives pages only to what is touched.
    counts, table = np.zeros(_CODES, np.uint32), np.zeros(_CODES, np.bool_)
    third = np.zeros(_CODES // _STRETCH, np.bool_)
    sampled = length = pairs = 0
    for piece in pieces(texts, entries, _SAMPLE):
        sampled = piece.block // _SAMPLE + 1
        length += len(piece.short)
        for codes in _by_length(piece.short):
            counts[codes] += np.uint32(1)  # once, however often a code is in it
            third[codes // np.uint32(_STRETCH)] = True
    counts[_NONE] = 0
    often = [np.zeros(0, np.uint32)]
    for begin in np.flatnonzero(third) * _STRETCH:
        some = counts[begin : begin + _STRETCH]
        found = np.flatnonzero(some > max(1, sampled // _COMMON))
        pairs += int(some.sum()) - int(some[found].sum())
        often.append((found + begin).astype(np.uint32))
    codes = np.concatenate(often)
    table[codes] = table[_NONE] = True
    return Common(codes, table, pairs * _SAMPLE, length * _SAMPLE)


def _by_length(short: Codes) -> Iterator[Codes]:
    """The grams of 3, 2 and 1 bytes that begin where these longest ones do; none where there is no such."""
    none, second, third = np.uint32(_NONE), np.uint32(0x00FF00), np.uint32(0xFF0000)
    yield short | (short >= third) * none
    yield short | third | (short & second == second) * none
    yield short | second | third


def _piece(block: int, text: bytes) -> Piece:
    count = min(len(text), _PIECE)
    padded = text.ljust(count + LONG - 1, ENTRY_END)
    grams = np.ndarray((count,), "<u4", padded.ljust(count + LONG, ENTRY_END), strides=(1,)).astype(np.uint32)
    borders = np.frombuffer(padded, np.uint8) >= FIELD_END[0]
    # Whether there is a border in the first 1, 2, 3 and 4 bytes from each place on.
    within = [borders[:count]]
    for at in range(1, LONG):
        within.append(within[-1] | borders[at : at + count])
    short = grams & np.uint32(_NONE)
    for beyond, padding in zip(within, (_NONE, *_PREFIXES[:0:-1]), strict=False):
        short |= beyond.astype(np.uint32) * np.uint32(padding)
    return Piece(block, grams[~within[-1]], short)
