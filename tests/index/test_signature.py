import random
import string
import struct
from collections.abc import Sequence
from hashlib import sha256
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goseventh.bench import people
from index import grams, signature, tables, text
from index.signature import SignatureError
from index.tables import Table
from tests.index.stored import made, whole
from tests.nasty import texts

FIELDS = st.lists(texts(most=12), min_size=1, max_size=4)


def built(entries: Sequence[bytes]) -> list[bytes]:
    return signature.build(whole(made(entries)), len(entries))


def opened(entries: Sequence[bytes]) -> Table:
    parts = [memoryview(tables.seal(content)) for content in built(entries)]
    return Table(bytes(tables.content(parts[tables.HEADER])), parts.__getitem__, {})


def blocks(table: Table, needle: bytes) -> list[int]:
    """The numbers of the blocks that are left."""
    found = signature.candidates(signature.read(table.header), signature.wanted(needle), table)
    return [block for block in range(found.bit_length()) if found >> block & 1]


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


@settings(max_examples=60, deadline=None)
@given(st.lists(FIELDS, min_size=1, max_size=30), st.lists(texts(), max_size=5), st.data())
def test_nothing_is_ever_overlooked(entries: list[list[str]], terms: list[str], data: st.DataObject) -> None:
    for field in data.draw(st.lists(st.sampled_from([field for entry in entries for field in entry]))):
        begin = data.draw(st.integers(0, len(field)))
        terms.append(field[begin : data.draw(st.integers(begin, len(field)))])
    lowered = [text.searchable(entry) for entry in entries]
    with patch.object(signature, "BLOCK", 2), patch.object(grams, "_PIECE", 8):
        table = opened(lowered)
    for term in terms:
        found = blocks(table, text.needle(term))
        assert all(block < signature.read(table.header).blocks for block in found)
        for position, entry in enumerate(lowered):
            assert position // 2 in found or text.needle(term) not in entry


@pytest.mark.parametrize("needle", [b"quetzal", b"quet", b"que", b"zq", b"q", "ω".encode(), "ção".encode()])
def test_what_is_rare_leaves_its_own_blocks(needle: bytes) -> None:
    entries = [b"none of it"] * 1000
    for position in (0, 130, 640, 999):
        entries[position] = b"a %b b" % needle
    assert blocks(opened(entries), needle) == [0, 1, 5, 7]


@pytest.mark.parametrize("needle", [b"", b"a", b"an", b"ana", "é".encode()])
def test_a_short_needle_that_is_common_may_be_anywhere(needle: bytes) -> None:
    assert blocks(opened(["ana é".encode()] * 1000), needle) == list(range(8))


@pytest.mark.parametrize("needle", [b"x", b"ax", b"anx", b"anax", b"none of these"])
def test_what_is_nowhere_leaves_no_block(needle: bytes) -> None:
    assert blocks(opened([b"ana"] * 1000), needle) == []


@pytest.mark.parametrize("needle", ["joão", "ãojo", "jo日", "ω ab", "abcω"])
def test_a_letter_that_is_rare_leaves_its_own_blocks_without_the_long_grams(needle: str) -> None:
    entries = [b"none of it"] * 1000
    for position in (130, 640):
        entries[position] = needle.encode()
    table = opened(entries)
    asked = signature.wanted(needle.encode())._replace(long=[])
    assert signature.candidates(signature.read(table.header), asked, table) == 1 << 1 | 1 << 5


def test_long_needles_cost_no_more_than_some_grams() -> None:
    needle = "".join(random.Random(2).choices(string.ascii_lowercase, k=5000)).encode()
    hashes = signature.wanted(needle).long
    assert len(hashes) <= 16
    assert blocks(opened([b"x", needle, b"x"]), needle) == [0]
    changed = signature.wanted(needle[:-400] + b"0" * 400).long
    assert changed[0] == hashes[0]  # they come from all over the needle
    assert changed[-1] != hashes[-1]


def test_people_of_the_tournament_take_few_bits_and_leave_few_blocks() -> None:
    entries = tournament(8192)
    size = sum(len(entry) + 1 for entry in entries)
    table = opened(entries)
    taken = sum(map(len, built(entries)))
    assert 0.2 * size <= taken <= 0.3 * size  # in a group the common short grams weigh less
    rng = random.Random(3)
    absent = ["".join(rng.choices(string.ascii_lowercase, k=10)).encode() for _ in range(200)]
    assert sum(len(blocks(table, needle)) for needle in absent) <= 200 * 64 // 1000


@pytest.mark.parametrize(
    "lengths", [[5_000_000], [65_000] * 64, [10] * 5, [3_000_000] + [10] * 500, [0] * 700]
)
def test_entries_of_any_length_stay_within_their_share(lengths: list[int]) -> None:
    rng = random.Random(4)
    entries = [bytes(rng.choices(range(97, 123), k=length)) for length in lengths]
    assert sum(map(len, built(entries))) <= 0.4 * (sum(lengths) + len(lengths)) + 80_000


FAR_TOO_MANY = struct.pack("<4sIIIIQ", b"GSS2", 1 << 31, 1, 1, 1, 1)


@pytest.mark.parametrize(
    "header", [b"", b"GSS2", b"GSS1" + bytes(24), b"GSS2" + bytes(24), b"GSS2" + b"\1" * 25, FAR_TOO_MANY]
)
def test_another_header_is_none(header: bytes) -> None:
    with pytest.raises(SignatureError):
        signature.read(header)


def test_the_format_is_what_it_was() -> None:
    parts = built([b"ana\xfego", "ação".encode(), b"quetzal"] * 100)
    assert parts[0].hex() == "475353322c01000080000000ea000000ee020000a80e000000000000"
    assert (
        sha256(b"".join(parts)).hexdigest()
        == "e9e8a9421097ac1e96acbb63848f189568e809cecadc30b260511074331bce23"
    )
