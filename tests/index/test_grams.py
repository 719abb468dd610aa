from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from index import grams, text
from index.term_log import Slice
from tests.index.stored import made, whole
from tests.nasty import texts

FIELDS = st.lists(st.lists(texts(most=12), min_size=1, max_size=4), min_size=1, max_size=12)


def naive(entry: bytes, sizes: tuple[int, ...]) -> set[int]:
    """Codes of the grams of an entry, one at a time."""
    fields = entry.split(text.FIELD_END)
    return {
        grams.code_of(field[at : at + size])
        for field in fields
        for size in sizes
        for at in range(len(field) - size + 1)
    }


def test_codes_of_short_grams_differ_whatever_their_length() -> None:
    some = [b"a", b"\0", b"aa", b"a\0", b"aaa", b"a\0\0", b"\0a", "ω".encode()]
    assert len({grams.code_of(gram) for gram in some}) == len(some)


@settings(max_examples=60, deadline=None)
@given(FIELDS, st.integers(1, 4), st.integers(1, 3))
def test_every_gram_within_a_field_is_met_and_no_other(people: list[list[str]], size: int, cut: int) -> None:
    entries = [text.searchable(fields) for fields in people]
    part = made(entries)
    cut = min(cut, len(entries))
    slices = [Slice(part, 0, cut), Slice(part, cut, len(entries))]
    met: dict[int, tuple[set[int], set[int]]] = {}
    for piece in grams.pieces(slices, size):
        long, short = met.setdefault(piece.block, (set(), set()))
        long.update(map(int, piece.long))
        for code in map(int, piece.short):
            short.update({code, code | 0xFF0000, code | 0xFFFF00} - {0xFFFFFF})
    for block, (long, short) in met.items():
        own = entries[block * size : (block + 1) * size]
        assert long == set().union(*(naive(entry, (4,)) for entry in own))
        assert short == set().union(*(naive(entry, (1, 2, 3)) for entry in own))
    assert sorted(met) == list(range(-(-len(entries) // size)))


@settings(max_examples=60, deadline=None)
@given(FIELDS)
def test_what_is_not_common_is_rare(people: list[list[str]]) -> None:
    entries = [text.searchable(fields) for fields in people]
    known = grams.common(whole(made(entries)), 1)
    sampled = entries[::4]
    counted = Counter(code for entry in sampled for code in naive(entry, (1, 2, 3)))
    assert list(known.codes) == sorted(code for code, count in counted.items() if count > 1)
    for piece in grams.pieces(whole(made(entries)), 1):
        every = naive(entries[piece.block], (1, 2, 3))
        assert set(map(int, known.rare(piece))) == every - set(map(int, known.codes))


def test_long_texts_come_in_pieces_that_miss_nothing() -> None:
    entry = bytes(97 + at * at % 26 for at in range(100_000))
    pieces = list(grams.pieces(whole(made([entry, b"x"])), 128))
    assert len(pieces) == 4
    assert {piece.block for piece in pieces} == {0}
    assert sum(len(piece.long) for piece in pieces) == len(entry) - 3
    assert set(map(int, pieces[0].long)) | set(map(int, pieces[1].long)) <= naive(entry, (4,))
