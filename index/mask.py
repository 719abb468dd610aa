"""Which grams a folded field has, hashed to 64 bits: fields that resemble each other have similar masks.

A field is put between two spaces, so that it begins and ends like a word, and encoded as UTF-8. Its grams
are all runs of 2 bytes in it, of 3 if it has more than SHORT characters. Each gram sets the bit of which the
number is the top 6 bits of (gram, little-endian, times _MULTIPLIER, modulo 2**32).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SHORT = 24
"""Characters. An edit changes fewer grams of 2 bytes, but in long fields these are too many to say much."""
BITS = 64
# The golden ratio of 2**32: neighbouring grams land far apart.
_MULTIPLIER = np.uint32(0x9E3779B1)
_SHIFT = np.uint32(26)

Masks = NDArray[np.uint64]


def gram(length: int) -> int:
    """How many bytes the grams of a field of so many characters have."""
    return 2 if length <= SHORT else 3


def masks(fields: Sequence[str], size: int) -> Masks:
    """The masks of folded fields, by their grams of `size` bytes."""
    if not fields:
        return np.zeros(0, np.uint64)
    encoded = [f" {field} ".encode() for field in fields]
    text = np.frombuffer(b"".join(encoded), np.uint8)
    lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
    grams = text[: len(text) - size + 1].astype(np.uint32)
    for place in range(1, size):
        grams |= text[place : place + len(grams)].astype(np.uint32) << np.uint32(8 * place)
    within = np.ones(len(text), np.bool_)
    for place in range(1, size):
        within[np.cumsum(lengths) - place] = False
    bits = np.repeat(np.arange(len(encoded)) * BITS, lengths)[: len(grams)]
    bits += (grams * _MULTIPLIER >> _SHIFT).astype(np.int64)
    grid = np.zeros(len(encoded) * BITS, np.bool_)
    grid[bits[within[: len(grams)]]] = True
    return np.packbits(grid, bitorder="little").view("<u8")
