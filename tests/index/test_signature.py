import random
import string
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goseventh.bench import people
from index import segment, signature, text
from index.segment import Segment
from index.signature import SignatureError
from tests.nasty import texts

FIELDS = st.lists(texts(most=12), min_size=1, max_size=4)


def made(entries: list[bytes]) -> Segment:
    """A segment of these texts."""
    keyed = [(number.to_bytes(16, "big"), entry) for number, entry in enumerate(entries)]
    return segment.read(memoryview(segment.build(keyed)))


def opened(part: Segment) -> signature.Signature:
    return signature.verify(memoryview(signature.build(part)))


def runs(part: signature.Signature, needle: bytes) -> list[tuple[int, int]]:
    return list(signature.candidates(part, signature.hashes(needle)))


@contextmanager
def small() -> Iterator[None]:
    """Many blocks and pieces in little text."""
    with patch.object(signature, "_BLOCK_ENTRIES", 2), patch.object(signature, "_PIECE", 8):
        yield


def tournament(count: int) -> list[bytes]:
    """Texts of the tournament's lengths: nickname, name and up to 26 technologies."""
    rng = random.Random(1)
    letters = string.ascii_lowercase
    return [
        text.searchable(
            [
                "".join(rng.choices(letters, k=rng.randint(1, 32))),
                "".join(rng.choices(letters * 2 + " ", k=rng.randint(1, 100))),
                *rng.choices(people.TECHNOLOGIES, k=rng.randint(0, 26)),
            ]
        )
        for _ in range(count)
    ]


@settings(deadline=None)
@given(st.lists(FIELDS, min_size=1, max_size=30), st.lists(texts(), max_size=5), st.data())
def test_nothing_is_ever_overlooked(entries: list[list[str]], terms: list[str], data: st.DataObject) -> None:
    for field in data.draw(st.lists(st.sampled_from([field for entry in entries for field in entry]))):
        begin = data.draw(st.integers(0, len(field)))
        terms.append(field[begin : data.draw(st.integers(begin, len(field)))])
    lowered = [text.searchable(entry) for entry in entries]
    with small():
        part = opened(made(lowered))
    for term in terms:
        needle = text.needle(term)
        found = runs(part, needle)
        borders = [border for run in found for border in run]
        assert borders == sorted(set(borders))
        assert all(0 <= border <= len(entries) for border in borders)
        for position, entry in enumerate(lowered):
            if needle in entry:
                assert any(begin <= position < end for begin, end in found)


def test_runs_are_whole_blocks_and_neighbours_are_one_run() -> None:
    entries = [b"none of it"] * 20
    for position in (0, 6, 7, 9, 19):
        entries[position] = b"quetzal"
    with small():
        found = runs(opened(made(entries)), b"quetzal")
    assert found == [(0, 2), (6, 10), (18, 20)]


@pytest.mark.parametrize("needle", [b"", b"a", "né".encode()])
def test_a_short_needle_may_be_anywhere(needle: bytes) -> None:
    assert runs(opened(made([b"quetzal"] * 300)), needle) == [(0, 300)]


def test_a_needle_of_one_gram_is_looked_up() -> None:
    assert runs(opened(made([b"quetzal"])), b"quet") == [(0, 1)]
    assert runs(opened(made([b"quetzal" * 9])), b"zaqu") == []


def test_long_needles_cost_no_more_than_some_grams() -> None:
    needle = "".join(random.Random(2).choices(string.ascii_lowercase, k=5000)).encode()
    hashed = signature.hashes(needle)
    assert len(hashed) <= 16
    assert runs(opened(made([b"x", needle, b"x"])), needle) == [(0, 3)]
    changed = signature.hashes(needle[:-400] + b"0" * 400)
    assert changed[0] == hashed[0]  # they come from all over the needle
    assert changed[-1] != hashed[-1]


def test_grams_across_a_border_are_left_out() -> None:
    assert not any(opened(made([b"abc\xfedef", b"ghi"])).rows)


@settings(deadline=None)
@given(st.lists(FIELDS, min_size=1, max_size=10), st.data())
def test_any_changed_byte_is_found(entries: list[list[str]], data: st.DataObject) -> None:
    stored = bytearray(signature.build(made([text.searchable(entry) for entry in entries])))
    position = data.draw(st.integers(0, len(stored) - 1))
    stored[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SignatureError):
        signature.verify(memoryview(bytes(stored)))


@given(st.integers(1, 40))
def test_a_cut_signature_is_none(missing: int) -> None:
    stored = signature.build(made([b"quetzal"] * 20))
    with pytest.raises(SignatureError):
        signature.read(memoryview(stored[: max(0, len(stored) - missing)]))


def test_people_of_the_tournament_take_few_bits_and_leave_few_blocks() -> None:
    part = made(tournament(16384))
    stored = signature.build(part)
    assert 16 <= len(stored) / 16384 < 33
    assert len(stored) <= 0.4 * len(part.texts)
    table = signature.read(memoryview(stored))
    assert sum(byte.bit_count() for byte in table.rows) / (8 * len(table.rows)) < 0.3
    rng = random.Random(3)
    absent = ["".join(rng.choices(string.ascii_lowercase, k=10)).encode() for _ in range(200)]
    assert sum(len(runs(table, needle)) for needle in absent) <= 200 * 128 // 1000


@pytest.mark.parametrize(
    "lengths", [[5_000_000], [65_000] * 64, [10] * 5, [3_000_000] + [10] * 500, [0] * 700]
)
def test_entries_of_any_length_stay_within_their_share(lengths: list[int]) -> None:
    rng = random.Random(4)
    part = made([bytes(rng.choices(range(97, 123), k=length)) for length in lengths])
    stored = signature.build(part)
    assert len(stored) <= 0.4 * len(part.texts) + 40


def test_long_entries_have_blocks_of_their_own() -> None:
    rng = random.Random(5)
    entries = [bytes(rng.choices(range(97, 123), k=65_000)) for _ in range(64)]
    assert runs(opened(made(entries)), entries[40][1000:1050]) == [(40, 41)]


def test_the_format_is_what_it_was() -> None:
    stored = signature.build(made([b"ana\xfego", "ação".encode(), b"quetzal"] * 100))
    assert stored[:16].hex() == "475353312c0100008000000000020000"
    assert sha256(stored).hexdigest() == "9baf2be056c4abf8f9a1b5454bdce897ffcd1d75c68143dbd9e53a775f48e34d"
