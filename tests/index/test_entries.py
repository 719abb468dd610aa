import pytest

from index import segment
from index.entries import Entries


def stored(first: int, count: int) -> memoryview:
    """The segment of `count` entries from the number `first` on, whose keys are their numbers."""
    numbers = range(first, first + count)
    return memoryview(segment.build([(n.to_bytes(16, "big"), b"text %d" % n) for n in numbers]))


def entries(*segments: tuple[int, memoryview]) -> tuple[Entries, list[str]]:
    made = Entries()
    return made, [fault for first, part in segments for fault in made.add(first, part)]


def holds(made: Entries, number: int) -> bool:
    """Whether the entry of this number is there, and is its own."""
    found = made.find(number)
    return found is not None and int.from_bytes(found[0].key(found[1]), "big") == number


def test_every_entry_is_found_by_its_number() -> None:
    made, faults = entries((1, stored(1, 16)), (17, stored(17, 3)), (20, stored(20, 1)))
    assert faults == []
    assert (made.count, made.following) == (20, 21)
    assert all(holds(made, number) for number in range(1, 21))
    assert list(made.numbered()) == [(n, n.to_bytes(16, "big")) for n in range(1, 21)]
    for number in (-1, 0, 21):
        with pytest.raises(KeyError):
            made.find(number)


def test_of_what_is_not_there_nothing_is_known() -> None:
    made, faults = entries((1, stored(1, 4)), (9, stored(9, 4)))
    assert faults == ["segment 9: entry 5 was to come next"]
    assert [holds(made, number) for number in range(1, 13)] == [True] * 4 + [False] * 4 + [True] * 4
    made.miss(14)
    assert made.find(13) is made.find(14) is None
    with pytest.raises(KeyError):
        made.find(15)


def test_behind_what_can_not_be_read_anything_may_have_been() -> None:
    made, faults = entries((1, stored(1, 4)), (5, memoryview(b"mine")))
    assert faults == ["segment 5: shorter than its header"]
    assert (made.count, made.following) == (4, None)
    assert made.find(5) is made.find(1000) is None
    made.miss(14)
    assert made.find(1000) is None
    assert list(made.add(9, stored(9, 4))) == []
    assert [holds(made, number) for number in range(1, 13)] == [True] * 4 + [False] * 4 + [True] * 4


def test_of_entries_that_come_twice_the_later_segment_s_count() -> None:
    made, faults = entries((1, stored(1, 16)), (9, stored(9, 2)), (17, stored(17, 1)))
    assert faults == ["segment 9: entry 17 was to come next"]
    assert [holds(made, number) for number in range(7, 18)] == [True] * 4 + [False] * 6 + [True]
    assert made.find(11) is None
    assert made.count == 19
