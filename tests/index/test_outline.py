from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import outline, segment, text
from index.fold import fold
from index.mask import SHORT, gram, masks
from index.outline import LONGEST, OutlineError
from index.term_log import Slice
from tests.nasty import texts

FIELDS = st.lists(texts(most=6), max_size=4)


@contextmanager
def small() -> Iterator[None]:
    """Many parts and steps, and runs that are full, in little text."""
    with (
        patch.object(outline, "_PART", 16),
        patch.object(outline, "_STEP", 2),
        patch.object(outline, "PLACES", 3),
    ):
        yield


def sliced(entries: list[list[str]]) -> Slice:
    """All of a segment of entries with these fields."""
    keyed = [(number.to_bytes(16, "big"), text.searchable(fields)) for number, fields in enumerate(entries)]
    return Slice(segment.read(memoryview(segment.build(keyed))), 0, len(entries))


@settings(deadline=None)
@given(st.lists(st.lists(FIELDS, min_size=1, max_size=6), min_size=1, max_size=3))
def test_every_field_is_there_once_a_segment_with_its_mask_and_first_places(
    lots: list[list[list[str]]],
) -> None:
    expected = []
    position = 0
    for lot in lots:
        places: dict[str, list[tuple[int, int]]] = {}
        for entry in lot:
            for place, field in enumerate(entry):
                if fold(field):
                    places.setdefault(fold(field), []).append((position, place))
            position += 1
        expected += [(field, found[:3]) for field, found in places.items()]
    expected.sort(key=lambda one: len(one[0]))
    with small():
        made = outline.open_built(outline.build([sliced(lot) for lot in lots], position))
        assert made.fields == len(expected)
        assert [(made.first_place(at), made.places(at)) for at in range(made.fields)] == [
            (found[0], found) for _, found in expected
        ]
        stored = [mask for _, part in made.masks(0, made.fields) for mask in part.tolist()]
    assert stored == [masks([field], gram(len(field)))[0] for field, _ in expected]
    for length in range(8):
        begin, end = made.between(length, length)
        assert [len(field) for field, _ in expected[begin:end]] == [length] * (end - begin)
    assert made.between(-3, 1 << 20) == (0, made.fields)


def test_fields_longer_than_the_longest_are_as_long() -> None:
    lengths = [1, SHORT, SHORT + 1, LONGEST - 1, LONGEST, 2 * LONGEST]
    made = outline.open_built(outline.build([sliced([["x" * length] for length in lengths])], len(lengths)))
    assert made.between(SHORT + 1, LONGEST - 1) == (2, 4)
    assert made.between(LONGEST, LONGEST) == made.between(LONGEST, 9 * LONGEST) == (4, 6)
    assert made.between(2, SHORT - 1) == (1, 1)


def test_entries_without_a_field_that_says_anything_have_no_outlines() -> None:
    made = outline.open_built(outline.build([sliced([["", "\u0301"]])], 1))
    assert made.fields == 0
    assert list(made.masks(*made.between(0, LONGEST))) == []


def test_the_bytes_are_a_pure_function_of_the_entries() -> None:
    """Whoever changes them changes the magic."""
    entries = [["ana", "Ana Barbosa", "C#"], ["josé", "José da Silva e Souza Albuquerque", "C#", "Node"]]
    made = outline.build([sliced(entries)], 2)
    assert made[0][:4] == b"GSO1"
    assert (len(made), sum(map(len, made))) == (3, len(made[0]) + 6 * 12 + 3 * 4)
    assert made[1].hex() == GOLDEN_MASKS
    assert made[2].hex() == GOLDEN_NUMBERS


@pytest.mark.parametrize("header", [b"", b"GSO1", b"GSO0" + bytes(4 * (LONGEST + 2))])
def test_what_is_no_header_is_refused(header: bytes) -> None:
    with pytest.raises(OutlineError):
        outline.Outlines(header, lambda _: b"")


def test_a_part_that_is_missing_is_told() -> None:
    header, *_ = outline.build([sliced([["ana", "Ana"]])], 1)
    opened = outline.Outlines(header, lambda _: b"")
    with pytest.raises(OutlineError):
        list(opened.masks(0, opened.fields))


GOLDEN_MASKS = (
    "00400000100002000100000000000c010000400012800020040042008010000041000000a2120c01065d002dcd816093"
)
GOLDEN_NUMBERS = "060000800000000000200000032000000100000001200000020000000200000002200000"
