"""Whether terms are what their kind says."""

from collections.abc import Sequence

import pytest

from goseventh.bench import corpora
from goseventh.bench.corpora import Corpus
from goseventh.bench.searching.terms import Kind, kinds
from goseventh.bench.searching.texts import Texts

SIZE = 5_000


@pytest.fixture(scope="module", params=list(corpora.TABLE))
def texts(request: pytest.FixtureRequest) -> Texts:
    made = Texts()
    for batch in Corpus(corpora.TABLE[request.param], SIZE, 1).batches(999):
        made.add(batch)
    return made


def found(texts: Texts, term: str) -> Sequence[int]:
    """Everybody, by a way of its own."""
    return [
        number
        for number in range(1, len(texts) + 1)
        if any(term.lower() in field for field in texts.fields(number))
    ]


def of(texts: Texts, name: str) -> Kind:
    return next(kind for kind in kinds(texts, 1) if kind.name == name)


def test_all_text_is_searched_as_each_person_is(texts: Texts) -> None:
    for term in ("Ω", "python", "quetz", "a", "zig", "nobodyhere"):
        assert texts.search(bytearray.find, term.lower().encode(), 50) == found(texts, term)[:50]


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("absent", 0, 0),
        ("worst", 0, 0),
        ("near miss", 0, 0),
        ("long", 0, 0),
        ("rare", 1, 20),
        ("common", SIZE // 10, SIZE),
        ("spread", 45, 50),
    ],
)
def test_a_kind_finds_as_many_as_it_says(texts: Texts, name: str, least: int, most: int) -> None:
    kind = of(texts, name)
    assert kind.terms
    for term in kind.terms:
        assert least <= len(found(texts, term)) <= most, term


def test_every_part_of_the_worst_terms_is_there(texts: Texts) -> None:
    for term in of(texts, "worst").terms:
        assert all(found(texts, term[at : at + 4]) for at in range(len(term) - 3)), term


def test_both_halves_of_a_near_miss_are_there(texts: Texts) -> None:
    for term in of(texts, "near miss").terms:
        assert found(texts, term[:6]), term
        assert found(texts, term[6:]), term


def test_every_kind_has_terms_of_its_own(texts: Texts) -> None:
    asked = kinds(texts, 1)
    assert len({kind.name for kind in asked}) == len(asked)
    for kind in asked:
        assert 1 < len(kind.terms) == len(set(kind.terms)) <= 8, kind.name
