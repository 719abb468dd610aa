"""The outlines of the fields of some entries: a table that a forgiving search compares with its term.

    table   := header masks numbers                     integers little-endian, each of the three in parts
    header  := magic "GSO1" | fields u32 | starts
    starts  := for each length from 0 to LONGEST, in characters: the first field of that length or more, u32
    masks   := of each field, as of `index.mask`, u64
    numbers := of each field its place, or REPEATED + where a run begins among the numbers, u32 | runs
    run     := how many places follow | places, rising    u32
    place   := position of the entry among the entries u18 | position of the field in it u13

Fields are folded, and are in the order of their length, then of their segment, then of their first place. A
field is there once for all places that it has in a segment, of which the first PLACES are kept: an answer of
so many entries has no use for others, all being equally similar. A field beyond the 8192nd of an entry has no
outline.

A table is a pure function of its entries, to the byte: whoever changes a number that matters for it, here or
in `index.mask`, or what `index.fold` does, changes the magic too.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.fold import fold
from index.mask import SHORT, Masks, gram, masks
from index.term_log import Slice
from index.text import ENTRY_END, FIELD_END

MAGIC = b"GSO1"
LONGEST = 101
"""Fields longer than this many characters are taken for as long."""
PLACES = 50
REPEATED = 1 << 31
_FIELD_BITS = 13
# With its checksum and what LMDB adds a part fills 16 pages.
_PART = 65_512
_MASK = np.dtype("<u8")
LARGEST = _PART // _MASK.itemsize
"""Masks a part at most."""
_HEADER = struct.Struct(f"<4sI{LONGEST + 1}I")
# Entries, or fields, that one step of building takes: nobody waits for the GIL for longer than 0.5 ms.
_STEP = 512

Numbers = NDArray[np.uint32]


class OutlineError(ValueError):
    """The bytes are not the header of outlines."""


class Outlines:
    """A table opened over its parts, which live as long as the transaction that they came from."""

    def __init__(self, header: memoryview | bytes, part: Callable[[int], memoryview | bytes]) -> None:
        """`part` gives the content of a part by its number, that of the header being 0."""
        if len(header) != _HEADER.size:
            raise OutlineError("a header of another length")
        if header[: len(MAGIC)] != MAGIC:
            raise OutlineError("a header of another kind")
        # Fields, then the starts: few of them are asked for.
        self._counts = memoryview(header)[len(MAGIC) :].cast("I")
        self.fields = self._counts[0]
        self._part = part
        self._first_numbers = 1 - -self.fields * _MASK.itemsize // _PART
        self._opened: dict[int, memoryview] = {}

    def between(self, shortest: int, longest: int) -> tuple[int, int]:
        """The fields of these lengths: from the first to before the second number."""
        begin = self._counts[1 + max(shortest, 0)]
        return begin, self._counts[2 + longest] if longest < LONGEST else self.fields

    def masks(self, begin: int, end: int) -> Iterator[tuple[int, Masks]]:
        """The masks of the fields from `begin` to before `end`, a part at a time with its first field."""
        while begin < end:
            part, at = divmod(begin, _PART // _MASK.itemsize)
            found = np.frombuffer(self._part(1 + part), _MASK)[at : at + end - begin]
            if not len(found):
                raise OutlineError("a part is missing")
            yield begin, found
            begin += len(found)

    def first_place(self, field: int) -> tuple[int, int]:
        """The first place where a field is: the position of an entry, and of the field in it."""
        number = self._number(field)
        return _place(number if number < REPEATED else self._number(number - REPEATED + 1))

    def places(self, field: int) -> list[tuple[int, int]]:
        """All its places that are kept."""
        number = self._number(field)
        if number < REPEATED:
            return [_place(number)]
        run = number - REPEATED
        return [_place(self._number(run + at)) for at in range(1, self._number(run) + 1)]

    def _number(self, index: int) -> int:
        part, at = divmod(index, _PART // 4)
        opened = self._opened.get(part)
        if opened is None:
            opened = self._opened[part] = memoryview(self._part(self._first_numbers + part)).cast("I")
        return opened[at]


def _place(number: int) -> tuple[int, int]:
    return number >> _FIELD_BITS, number & (1 << _FIELD_BITS) - 1


class _Lot(NamedTuple):
    """The fields of a segment, by length."""

    lengths: NDArray[np.uint8]
    masks: Masks
    counts: NDArray[np.int64]
    """How many places of each are kept."""
    places: Numbers
    """Those of the first field, of the second, …"""


def build(texts: Iterable[Slice], entries: int) -> list[bytes]:
    """The contents of the parts, the header first: some 12 µs a person of the tournament, in small steps."""
    lots = []
    position = 0
    for found in texts:
        lots.append(_lot(found, position))
        position += found.end - found.begin
    lengths, stored, counts, places = (np.concatenate(arrays) for arrays in zip(*lots, strict=True))
    order = np.argsort(lengths, kind="stable")
    starts = np.searchsorted(lengths[order], np.arange(LONGEST + 1))
    body = [stored[order].astype(_MASK).tobytes(), _numbers(counts, places, order).astype("<u4").tobytes()]
    parts = [part[at : at + _PART] for part in body for at in range(0, len(part), _PART)]
    return [_HEADER.pack(MAGIC, len(order), *starts.tolist()), *parts]


def open_built(parts: list[bytes]) -> Outlines:
    """What `build` has made, opened."""
    return Outlines(parts[0], parts.__getitem__)


def _lot(found: Slice, position: int) -> _Lot:
    by_folded = _distinct(found, position)
    folded = list(by_folded)
    lengths = np.fromiter((min(len(field), LONGEST) for field in folded), np.uint8, len(folded))
    order = np.argsort(lengths, kind="stable")
    fields = [folded[number] for number in order.tolist()]
    short = int(np.count_nonzero(lengths <= SHORT))
    hashed = [
        masks(fields[begin : min(begin + _STEP, end)], gram(longest))
        for start, end, longest in ((0, short, SHORT), (short, len(fields), LONGEST))
        for begin in range(start, end, _STEP)
    ]
    kept = [by_folded[field] for field in fields]
    return _Lot(
        lengths[order],
        np.concatenate(hashed or [np.zeros(0, np.uint64)]),
        np.fromiter(map(len, kept), np.int64, len(kept)),
        np.array([place for places in kept for place in places], np.uint32),
    )


def _distinct(found: Slice, position: int) -> dict[str, list[int]]:
    """The folded fields of a slice, but for empty ones, each with its first PLACES places.

    `position` is that of its first entry among all.
    """
    by_folded: dict[str, list[int]] = {}
    by_field: dict[bytes, list[int]] = {}
    for begin in range(found.begin, found.end, _STEP):
        texts = bytes(found.part.stretch(begin, min(begin + _STEP, found.end)))
        for text in texts.split(ENTRY_END)[:-1]:
            place = position << _FIELD_BITS
            for field in islice(text.split(FIELD_END), 1 << _FIELD_BITS):
                places = by_field.get(field)
                if places is None:
                    places = by_field[field] = by_folded.setdefault(fold(field.decode()), [])
                if len(places) < PLACES:
                    places.append(place)
                place += 1
            position += 1
    by_folded.pop("", None)
    return by_folded


def _numbers(counts: NDArray[np.int64], places: Numbers, order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of each field in a new order its place, or where its run is; behind these the runs."""
    counts, firsts = counts[order], (np.cumsum(counts) - counts)[order]
    numbers = places[firsts].astype(np.int64)
    repeated = np.flatnonzero(counts > 1)
    sizes = counts[repeated] + 1
    runs = np.cumsum(sizes) - sizes
    numbers[repeated] = REPEATED + len(counts) + runs
    # In each run its count comes first, its places then.
    taken = np.arange(int(sizes.sum())) + np.repeat(firsts[repeated] - 1 - runs, sizes)
    stored = places[np.maximum(taken, 0)].astype(np.int64)
    stored[runs] = counts[repeated]
    return np.concatenate([numbers, stored])
