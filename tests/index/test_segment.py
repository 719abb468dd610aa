import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import segment, text
from index.segment import Entry, Segment, SegmentError
from tests.nasty import texts

ENTRIES = st.lists(
    st.tuples(st.binary(min_size=16, max_size=16), st.lists(texts(), max_size=4).map(text.searchable)),
    min_size=1,
)


def contents(part: Segment) -> list[Entry]:
    """What a segment holds, read slowly."""
    found = bytes(part.texts).split(text.ENTRY_END)[:-1]
    assert [part.text(position) for position in range(len(part.offsets))] == found
    return [(part.key(position), found[position]) for position in range(len(part.offsets))]


@given(ENTRIES)
def test_what_was_built_reads_back(entries: list[Entry]) -> None:
    stored = segment.build(entries)
    assert contents(segment.read(memoryview(stored))) == entries
    assert contents(segment.verify(memoryview(stored))) == entries


@given(ENTRIES, ENTRIES, ENTRIES)
def test_merging_is_building_all_at_once(first: list[Entry], second: list[Entry], third: list[Entry]) -> None:
    parts = [segment.read(memoryview(segment.build(entries))) for entries in (first, second, third)]
    assert segment.merge(parts) == segment.build(first + second + third)


@given(ENTRIES, st.data())
def test_any_changed_byte_is_found(entries: list[Entry], data: st.DataObject) -> None:
    stored = bytearray(segment.build(entries))
    position = data.draw(st.integers(0, len(stored) - 1))
    stored[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SegmentError):
        segment.verify(memoryview(bytes(stored)))


@given(ENTRIES, st.integers(1, 40))
def test_a_cut_segment_is_none(entries: list[Entry], missing: int) -> None:
    stored = segment.build(entries)
    with pytest.raises(SegmentError):
        segment.read(memoryview(stored[: max(0, len(stored) - missing)]))
