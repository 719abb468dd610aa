import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import pending_format
from storage.pending_format import Group
from storage.records import Person

KEYS = st.binary(min_size=16, max_size=16)
PEOPLE = st.builds(Person, KEYS, st.binary(min_size=1), st.binary(), st.binary())
NUMBERS = st.integers(0, (1 << 64) - 1)
GROUPS = st.builds(Group, NUMBERS, NUMBERS, NUMBERS, st.lists(PEOPLE, min_size=1, max_size=4))


@given(st.lists(GROUPS, max_size=4))
def test_what_was_packed_reads_back(groups: list[Group]) -> None:
    packed = [pending_format.pack(group) for group in groups]
    read = list(pending_format.frames(b"".join(packed) + pending_format.moved()))
    assert [group for group, _ in read] == [*groups, None]
    assert [end for _, end in read[:-1]] == [len(b"".join(packed[: n + 1])) for n in range(len(packed))]


@given(st.lists(GROUPS, min_size=1, max_size=3), st.data())
def test_reading_ends_before_a_changed_byte(groups: list[Group], data: st.DataObject) -> None:
    stored = bytearray(b"".join(map(pending_format.pack, groups)))
    position = data.draw(st.integers(0, len(stored) - 1))
    stored[position] ^= data.draw(st.integers(1, 255))
    read = list(pending_format.frames(bytes(stored)))
    assert all(end <= position for _, end in read)
    assert [group for group, _ in read] == groups[: len(read)]


@given(GROUPS, st.integers(1, 100))
def test_reading_ends_before_a_cut_frame(group: Group, missing: int) -> None:
    stored = pending_format.pack(group)
    assert list(pending_format.frames(stored[: max(0, len(stored) - missing)])) == []


def test_who_is_durable_waits_no_more() -> None:
    people = [Person(bytes([number] * 16), b"p%d" % number, b"", b"") for number in range(8, 13)]
    groups = [Group(1, 0, 8, people[:4]), Group(2, 0, 12, people[4:])]
    for sequence, (waiting, moment) in {
        0: (people, 1),
        7: (people, 1),
        9: (people[2:], 1),
        11: (people[4:], 2),
        12: ([], None),
        99: ([], None),
    }.items():
        assert pending_format.waiting(groups, sequence) == waiting
        assert pending_format.oldest(groups, sequence) == moment


@pytest.mark.parametrize("damage", [b"", b"x", b"Q" + bytes(28), b"P" + bytes(27), b"P" + bytes(29), b"Mx"])
def test_a_body_that_is_none_ends_the_reading_whatever_its_checksum(damage: bytes) -> None:
    whole = pending_format.moved()
    stored = whole + pending_format._frame(damage) + whole
    assert list(pending_format.frames(stored)) == [(None, len(whole))]


def test_a_group_that_says_it_is_longer_or_shorter_ends_the_reading() -> None:
    packed = pending_format.pack(Group(1, 2, 3, [Person(bytes(16), b"a", b"b", b"c")]))
    for body in (packed[8:] + b"x", packed[8:-1], packed[8:33] + b"\2" + packed[34:]):
        assert list(pending_format.frames(pending_format._frame(body))) == []


@pytest.mark.parametrize("junk", [b"\0" * 100, b"\xff" * 100, b"\0\0\0\0\0\0\0\0x"])
def test_junk_is_no_frame(junk: bytes) -> None:
    assert list(pending_format.frames(junk)) == []
