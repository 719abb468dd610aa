import random
import string
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from unittest.mock import patch

import lmdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lmdb import _Database

from goseventh.bench.searching.recall import mistyped
from index import fuzzy, outline, outlined, tables, term_log, text
from index.fold import fold
from index.outlined import Outlined
from index.term_log import Walk
from tests.index.databases import opened
from tests.nasty import texts

LIMIT = 50
Fields = Sequence[Sequence[str]]


def resembling(entries: Fields, term: str, limit: int = LIMIT) -> list[int]:
    """Positions of the entries that a search finds among these."""
    keyed = [(number.to_bytes(16, "big"), text.searchable(fields)) for number, fields in enumerate(entries)]
    found = fuzzy.search([outlined.source(1, keyed)], term, limit)
    return [int.from_bytes(key, "big") for key in found]


class Log:
    """Entries in a log, with stored outlines for those that are sealed, unless asked to do without."""

    def __init__(self, environment: lmdb.Environment, terms: _Database, entries: Fields) -> None:
        self.environment, self.terms = environment, terms
        self.outlines = environment.open_db(b"outlines")
        self.outlined = Outlined()
        for first in range(1, len(entries) + 1, 3):
            keyed = [
                (number.to_bytes(16, "big"), text.searchable(fields))
                for number, fields in enumerate(entries[first - 1 : first + 2], first)
            ]
            with environment.begin(write=True) as transaction:
                term_log.append(transaction, terms, first, keyed)

    def store(self, *levels: int) -> None:
        """Stores the outlines of all sealed spans of these levels."""
        with self.environment.begin(write=True) as transaction:
            walk = Walk(transaction, self.terms)
            for span in tables.spans(term_log.sealed(walk.last())):
                if span.level in levels:
                    texts = list(walk.slices(span.first, span.end))
                    for number, content in enumerate(outline.build(texts, span.entries)):
                        transaction.put(span.key(number), tables.seal(content), db=self.outlines)

    def search(self, term: str, *, stored: bool = True, deadline: float = float("inf")) -> list[int]:
        """Numbers of the entries found."""
        with self.environment.begin(buffers=True) as snapshot:
            outlines = self.outlines if stored else None
            sources = self.outlined.sources(snapshot, self.terms, outlines, deadline)
            return [int.from_bytes(key, "big") for key in fuzzy.search(sources, term, LIMIT, deadline)]


@pytest.fixture
def small() -> Iterator[None]:
    """Tiers of 32 entries, groups of 128."""
    with patch.object(term_log, "TIERS", (4, 8, 32)), patch.object(tables, "GROUP", 4):
        yield


@contextmanager
def log(directory: Path, entries: Fields) -> Iterator[Log]:
    with opened(directory) as (environment, terms):
        yield Log(environment, terms, entries)


def names(count: int) -> list[list[str]]:
    """Entries with a nickname of a number, a name of 8 to 40 letters, and a stack."""
    rng = random.Random(2)
    letters = string.ascii_letters + "éãçñü"
    return [
        [
            str(number),
            "".join(rng.choices(letters, k=4)) + " " + "".join(rng.choices(letters, k=rng.randint(3, 35))),
            "Python",
        ]
        for number in range(1, count + 1)
    ]


@settings(deadline=None)
@given(st.lists(st.lists(texts(most=12), min_size=1, max_size=4), min_size=1, max_size=20), st.data())
def test_who_has_the_very_field_comes_first(entries: list[list[str]], data: st.DataObject) -> None:
    term = data.draw(st.sampled_from([field for entry in entries for field in entry]))
    having = [at for at, entry in enumerate(entries) if fold(term) in map(fold, entry)]
    expected = having if fold(term) else []
    found = resembling(entries, term)
    assert found[: len(expected)] == expected
    assert len(set(found)) == len(found)


def test_case_and_accents_are_forgiven() -> None:
    entries = [["JOSÉ"], ["jose"], ["Jose\u0301"], ["maria"], ["Straße"]]
    assert resembling(entries, "José") == [0, 1, 2]
    assert resembling(entries, "jose") == [0, 1, 2]
    assert resembling(entries, "STRASSE") == [4]


@pytest.mark.parametrize("term", ["barbosa", "barboza", "babrosa", "barbsa", "barbossa", "BARBÓSA"])
def test_a_part_of_a_field_is_found(term: str) -> None:
    assert resembling([["ana", "Ana Barbosa"], ["bia", "Beatriz Camargo"]], term) == [0]


def test_the_best_come_first_and_of_equals_the_oldest() -> None:
    entries = [
        ["Ana Maria Barbosa"],
        ["barboza"],
        ["x", "barbosa"],
        ["Barbosa"],
        ["Rui Barbosa de Souza"],
        ["no such name"],
    ]
    assert resembling(entries, "barbosa") == [2, 3, 0, 4, 1]
    assert resembling(entries, "barbosa", 3) == [2, 3, 0]


def test_different_fields_that_are_as_similar_come_by_the_age_of_their_entries() -> None:
    entries = [[("barboza", "barbosi", "barbosu")[number % 3]] for number in range(2 * LIMIT)]
    assert resembling(entries, "barbosa") == list(range(LIMIT))


@pytest.mark.usefixtures("small")
def test_equals_come_by_age_wherever_they_are_stored(tmp_path: Path) -> None:
    entries = [[("barboza", "barbosi", "barbosu")[number * number % 3]] for number in range(140)]
    with log(tmp_path, entries) as made:
        for levels in ((), (1,), (0, 1)):
            made.store(*levels)
            assert made.search("barbosa") == list(range(1, LIMIT + 1))


def test_an_entry_counts_once_with_its_best_field() -> None:
    assert resembling([["barbasa"], ["barboza", "Barbosa"]], "barbosa") == [1, 0]


def test_of_a_field_that_all_have_the_oldest_are_found() -> None:
    entries = [[str(number), "PostgreSQL"] for number in range(200)]
    assert resembling(entries, "posgresql") == list(range(LIMIT))


@pytest.mark.parametrize("length", [8, 24, 25, 99, 100, 101, 102, 150, 400])
def test_fields_of_any_length_are_found(length: int) -> None:
    rng = random.Random(length)
    fields = [["".join(rng.choices(string.ascii_lowercase, k=length))] for _ in range(60)]
    for position, (field,) in enumerate(fields):
        assert resembling(fields, mistyped(rng, field, 1))[0] == position


def test_short_terms_are_whole_fields_or_nothing() -> None:
    entries = [["Ada"], ["Go"], ["a"], ["Godofredo da Silva"]]
    assert resembling(entries, "go") == [1]
    assert resembling(entries, "a") == [2]
    assert resembling(entries, "\u0301") == []


def test_scripts_without_latin_letters() -> None:
    entries = [["Александр Пушкин"], ["山田太郎"], ["Ωμέγα"]]
    assert resembling(entries, "александр пушкен") == [0]
    assert resembling(entries, "пушкин") == [0]
    assert resembling(entries, "山田太朗") == [1]
    assert resembling(entries, "ωμεγα") == [2]


def test_what_resembles_nothing_finds_nobody() -> None:
    assert resembling(names(100), "qqqq wwww zzzz") == []


@pytest.mark.usefixtures("small")
def test_an_error_in_a_name_is_forgiven_wherever_it_is_stored(tmp_path: Path) -> None:
    entries = names(300)
    rng = random.Random(3)
    with log(tmp_path, entries) as made:
        for levels in ((), (1,), (0, 1)):
            made.store(*levels)
            for number in rng.sample(range(1, 301), 60):
                assert made.search(mistyped(rng, entries[number - 1][1], 1))[0] == number


@pytest.mark.usefixtures("small")
def test_it_makes_no_difference_whose_outlines_are_stored(tmp_path: Path) -> None:
    with log(tmp_path, names(300)) as made:
        terms = ("python", "pyhton", "1", "aaaa aaaa", names(300)[200][1])
        expected = [made.search(term, stored=False) for term in terms]
        assert len(expected[0]) == len(expected[1]) == LIMIT
        for levels in ((), (1,), (0, 1)):
            made.store(*levels)
            assert [made.search(term) for term in terms] == expected


@pytest.mark.usefixtures("small")
def test_outlines_made_here_go_when_they_are_stored(tmp_path: Path) -> None:
    with log(tmp_path, names(300)) as made:
        made.search("python")
        before = len(made.outlined._made)
        made.store(0, 1)
        made.search("python")
        assert 0 < len(made.outlined._made) < before - 256 // 32


def test_past_its_deadline_a_search_ends(tmp_path: Path) -> None:
    with log(tmp_path, names(10)) as made, pytest.raises(TimeoutError):
        made.search("python", deadline=monotonic())
