from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from index import substring, term_log, text
from tests.index.databases import opened
from tests.nasty import texts


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(texts(), min_size=1, max_size=4), max_size=40),
    st.lists(texts(least=1, most=3), min_size=1, max_size=20),
    st.integers(1, 7),
    st.integers(1, 5),
)
def test_agrees_with_a_naive_model(people: list[list[str]], terms: list[str], limit: int, group: int) -> None:
    with TemporaryDirectory() as place, opened(Path(place)) as (environment, database):
        for begin in range(0, len(people), group):
            entries = [
                (number.to_bytes(16, "big"), text.searchable(people[number - 1]))
                for number in range(begin + 1, min(begin + group, len(people)) + 1)
            ]
            with environment.begin(write=True) as transaction:
                term_log.append(transaction, database, begin + 1, entries)
        with environment.begin(buffers=True) as snapshot:
            for term in terms:
                found = substring.search(snapshot, database, text.needle(term), limit)
                expected = [
                    number
                    for number, fields in enumerate(people, 1)
                    if any(term.lower() in field.lower() for field in fields)
                ]
                assert [int.from_bytes(key, "big") for key in found] == expected[:limit]


def test_an_entry_is_found_once_however_often_it_matches(tmp_path: Path) -> None:
    with opened(tmp_path) as (environment, database):
        with environment.begin(write=True) as transaction:
            term_log.append(
                transaction, database, 1, [(bytes(16), b"aaaa\xfeaaaa"), (bytes(15) + b"1", b"ba")]
            )
        with environment.begin(buffers=True) as snapshot:
            assert substring.search(snapshot, database, b"a", 50) == [bytes(16), bytes(15) + b"1"]
