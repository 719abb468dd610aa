from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import segment, signature, substring, term_log, text
from index.segment import SegmentError
from tests.index.databases import opened
from tests.nasty import texts

PEOPLE = st.lists(st.lists(texts(most=12), min_size=1, max_size=4), max_size=60)
NOBODY = segment.read(memoryview(segment.build([(bytes(16), b"")] * 16)))


@settings(max_examples=100, deadline=None)
@given(
    PEOPLE,
    st.lists(texts(least=1), max_size=10),
    st.tuples(st.integers(1, 7), st.integers(1, 5)),
    st.integers(0, 3),
    st.data(),
)
def test_agrees_with_a_naive_model(
    people: list[list[str]], terms: list[str], sizes: tuple[int, int], signed_of_3: int, data: st.DataObject
) -> None:
    limit, group = sizes
    for field in data.draw(st.lists(st.sampled_from([f for fields in people for f in fields if f] or ["-"]))):
        begin = data.draw(st.integers(0, len(field) - 1))
        terms.append(field[begin : data.draw(st.integers(begin + 1, len(field)))])
    with (
        patch.object(term_log, "TIERS", (2, 4, 8)),
        patch.object(signature, "_BLOCK_ENTRIES", 2),
        TemporaryDirectory() as place,
        opened(Path(place)) as (environment, database),
    ):
        signatures = environment.open_db(b"signatures")
        for begin in range(0, len(people), group):
            entries = [
                (number.to_bytes(16, "big"), text.searchable(people[number - 1]))
                for number in range(begin + 1, min(begin + group, len(people)) + 1)
            ]
            with environment.begin(write=True) as transaction:
                term_log.append(transaction, database, begin + 1, entries)
        with environment.begin(write=True) as transaction:
            for number in list(term_log.numbers(transaction, database)):
                # All, none or some have one; the last may be without, or the one before it.
                if number <= term_log.sealed(len(people)) and number % 3 < signed_of_3:
                    key = term_log.key_of(number)
                    part = segment.read(memoryview(transaction.get(key, b"", db=database)))
                    transaction.put(key, signature.build(part), db=signatures)
        with environment.begin(buffers=True) as snapshot:
            for term in terms:
                found = substring.search(snapshot, database, text.needle(term), limit, signatures=signatures)
                expected = [
                    number
                    for number, fields in enumerate(people, 1)
                    if any(term.lower() in field.lower() for field in fields)
                ]
                assert [int.from_bytes(key, "big") for key in found] == expected[:limit]
                assert substring.search(snapshot, database, text.needle(term), limit) == found


def test_an_entry_is_found_once_however_often_it_matches(tmp_path: Path) -> None:
    with opened(tmp_path) as (environment, database):
        with environment.begin(write=True) as transaction:
            term_log.append(
                transaction, database, 1, [(bytes(16), b"aaaa\xfeaaaa"), (bytes(15) + b"1", b"ba")]
            )
        with environment.begin(buffers=True) as snapshot:
            assert substring.search(snapshot, database, b"a", 50) == [bytes(16), bytes(15) + b"1"]


def test_what_a_signature_excludes_is_not_even_opened(tmp_path: Path) -> None:
    with opened(tmp_path) as (environment, database):
        signatures = environment.open_db(b"signatures")
        entries = [(number.to_bytes(16, "big"), b"quetzal") for number in range(1, 18)]
        with environment.begin(write=True) as transaction:
            term_log.append(transaction, database, 1, entries[:16])
            term_log.append(transaction, database, 17, entries[16:])
            transaction.put(term_log.key_of(1), signature.build(NOBODY), db=signatures)
            transaction.put(term_log.key_of(1), b"no segment", db=database)
        with environment.begin(buffers=True) as snapshot:
            assert substring.search(snapshot, database, b"quetzal", 50, signatures=signatures) == [
                entries[16][0]
            ]
            with pytest.raises(SegmentError):
                substring.search(snapshot, database, b"que", 50, signatures=signatures)


@pytest.mark.parametrize("signed", [(), (1,), (17,), (33,), (1, 33), (17, 33), (1, 17, 33)])
def test_it_does_not_matter_which_segments_have_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signed: tuple[int, ...]
) -> None:
    monkeypatch.setattr(term_log, "TIERS", (16,))
    with opened(tmp_path) as (environment, database):
        signatures = environment.open_db(b"signatures")
        entries = [(number.to_bytes(16, "big"), b"quetzal%d." % number) for number in range(1, 52)]
        with environment.begin(write=True) as transaction:
            for number, entry in enumerate(entries, 1):
                term_log.append(transaction, database, number, [entry])
            for number in signed:
                part = segment.read(memoryview(transaction.get(term_log.key_of(number), b"", db=database)))
                transaction.put(term_log.key_of(number), signature.build(part), db=signatures)
        with environment.begin(buffers=True) as snapshot:
            every = [key for key, _ in entries]
            assert substring.search(snapshot, database, b"quetzal", 60, signatures=signatures) == every
            assert substring.search(snapshot, database, b"quetzal", 20, signatures=signatures) == every[:20]
            for key, own in entries:
                assert substring.search(snapshot, database, own, 50, signatures=signatures) == [key]
