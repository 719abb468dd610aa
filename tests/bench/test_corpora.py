"""Whether the people of the search benchmark are people, as many as asked for, and always the same."""

from collections import Counter
from functools import partial

import pytest

from goseventh import person
from goseventh.bench import corpora
from goseventh.bench.corpora import RARE_MARK, SPREAD_MARK, Corpus, Tournament
from goseventh.bench.people import LONGEST_NICKNAME
from index.text import FIELD_END
from storage.records import Record

SIZE = 3_000


def everyone(name: str, seed: int = 1, size: int = SIZE, batch: int = 700) -> list[Record]:
    return [record for batch in Corpus(corpora.TABLE[name], size, seed).batches(batch) for record in batch]


@pytest.fixture(scope="module", params=list(corpora.TABLE))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_each_record_is_the_one_that_a_request_would_make(name: str) -> None:
    for record in everyone(name):
        assert person.prepare(b"{" + record.after[2:]) == record


def test_there_are_as_many_as_asked_for_and_no_nickname_twice(name: str) -> None:
    assert len({record.nickname for record in everyone(name)}) == SIZE


def test_a_seed_stands_for_its_people(name: str) -> None:
    assert everyone(name) == everyone(name)
    assert everyone(name) != everyone(name, seed=2)


@pytest.mark.parametrize("size", [100, 101, 2_500, SIZE])
def test_the_planted_are_there_and_spread_to_the_end(name: str, size: int) -> None:
    names = [record.text.split(FIELD_END)[1].decode() for record in everyone(name, size=size)]
    assert Counter(names)[RARE_MARK.lower()] in (4, 5)  # one may fall on a person who has the other mark
    spread = [number for number, name in enumerate(names) if name == SPREAD_MARK.lower()]
    assert 45 <= len(spread) <= 50
    assert max(b - a for a, b in zip([-1, *spread], [*spread, size], strict=True)) <= size // 50 * 2 + 2


def test_a_suffix_makes_other_nicknames_anywhere_among_all() -> None:
    corpus = Corpus(partial(Tournament, suffix=b"~1"), 500, 1)
    nicknames = {record.nickname for batch in corpus.batches(500) for record in batch}
    assert len(nicknames) == 500
    assert all(nickname.endswith(b"~1") and len(nickname) <= LONGEST_NICKNAME for nickname in nicknames)
    assert len({nickname[:1] for nickname in nicknames}) > 40


def test_names_of_brazil_have_accents() -> None:
    assert sum(not record.text.isascii() for record in everyone("brazilian")) > SIZE / 5


def test_names_in_cyrillic_have_no_ascii_letter() -> None:
    marks = {RARE_MARK.lower(), SPREAD_MARK.lower()}
    for record in everyone("cyrillic"):
        nickname, name = (field.decode() for field in record.text.split(FIELD_END)[:2])
        assert name in marks or not any(letter.isascii() for letter in nickname + name.replace(" ", ""))
