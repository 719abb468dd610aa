import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import lmdb
import pytest
from lmdb import _Database

from index import signature, substring, tables, term_log
from index.kept import Kept
from index.segment import SegmentError
from index.substring import OverBudgetError
from tests.index import model
from tests.index.databases import opened
from tests.index.stored import append, sign


class Log(NamedTuple):
    """A term log and its signatures."""

    environment: lmdb.Environment
    terms: _Database
    signatures: _Database

    def fill(self, texts: list[bytes]) -> None:
        """Appends texts and signs whatever can be."""
        append(self.environment, self.terms, texts, 10)
        for span in tables.spans(term_log.sealed(len(texts))):
            sign(self.environment, self.terms, self.signatures, span)

    def search(
        self, needle: bytes, limit: int = 50, *, kept: Kept | None = None, **options: float
    ) -> list[int]:
        """The numbers of whom a search finds."""
        with self.environment.begin(buffers=True) as snapshot:
            return self.search_in(snapshot, needle, limit, kept, **options)

    def search_in(
        self,
        snapshot: "lmdb.Transaction[memoryview]",
        needle: bytes,
        limit: int,
        kept: Kept | None,
        **options: float,
    ) -> list[int]:
        """Those whom it finds in a snapshot."""
        found = substring.search(
            snapshot,
            self.terms,
            needle,
            limit,
            signatures=self.signatures,
            kept=kept,
            **options,  # type: ignore[arg-type]
        )
        return [int.from_bytes(key, "big") for key in found]


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """An empty one with groups of 128 entries, and blocks of 4."""
    monkeypatch.setattr(term_log, "TIERS", model.TIERS)
    monkeypatch.setattr(tables, "GROUP", model.GROUP)
    monkeypatch.setattr(signature, "BLOCK", model.BLOCK)
    with opened(tmp_path) as (environment, terms):
        yield Log(environment, terms, environment.open_db(b"signatures"))


def test_agrees_with_a_naive_model() -> None:
    assert model.agree(2000, 1) > 500


def test_an_entry_is_found_once_however_often_it_matches(log: Log) -> None:
    log.fill([b"aaaa\xfeaaaa", b"ba"] * 100)
    assert log.search(b"a", 1000) == list(range(1, 201))
    assert log.search(b"aaa", 1000) == list(range(1, 201, 2))


def test_what_a_signature_excludes_is_not_even_opened(log: Log) -> None:
    log.fill([b"x%d" % number for number in range(1, 150)] + [b"quetzalcoatl"])
    with log.environment.begin(write=True) as transaction:
        _, second, *_ = term_log.numbers(transaction, log.terms)
        transaction.put(term_log.key_of(second), b"damaged", db=log.terms)
    assert log.search(b"quetzalcoatl") == [150]
    assert log.search(b"x149", 50, first=129) == [149]
    with pytest.raises(SegmentError):
        log.search(b"x", 1000)


@pytest.mark.parametrize("missing", [(), (1,), (129,), (1, 129), (257,), (1, 129, 257, 289)])
def test_it_does_not_matter_which_spans_have_one(log: Log, missing: tuple[int, ...]) -> None:
    own = [b"quetzal%d." % number for number in range(1, 331)]
    log.fill(own)
    with log.environment.begin(write=True) as transaction:
        for span in tables.spans(320):
            if span.first in missing:
                transaction.delete(span.key(tables.HEADER), db=log.signatures)
    every = list(range(1, 331))
    assert log.search(b"quetzal", 400) == every
    assert log.search(b"quetzal", 20) == every[:20]
    for first in range(1, 334, 7):
        assert log.search(b"quetzal", 400, first=first) == every[first - 1 :]
        assert log.search(b"l", 9, first=first) == every[first - 1 :][:9]
    for number, text in enumerate(own, 1):
        assert log.search(text) == [number]


# Worst cases: what no signature spares a search from, or what could mislead one.


def test_a_term_whose_every_gram_is_common_but_which_occurs_nowhere(log: Log) -> None:
    log.fill([b"abcde\xfebcdef\xfecdefg"] * 300)
    assert log.search(b"abcdefg") == []
    assert log.search(b"abcdefg", first=200) == []


def test_fifty_results_spread_over_all_spans(log: Log) -> None:
    texts = [b"nobody"] * 1000
    for number in range(20, 1001, 20):
        texts[number - 1] = b"a quetzal"
    log.fill(texts)
    expected = list(range(20, 1001, 20))
    for needle in (b"quetzal", b"quet", b"tza", b"qu", b"q"):
        assert log.search(needle) == expected
        assert log.search(needle, 49) == expected[:49]
        assert log.search(needle, first=21) == expected[1:]


def test_a_term_equal_to_a_whole_text(log: Log) -> None:
    texts = [b"%d" % number * 200 for number in range(100, 400)]
    log.fill(texts)
    for number in (1, 128, 129, 300):
        assert log.search(texts[number - 1]) == [number]
        assert log.search(texts[number - 1] + b"x") == []


def test_text_without_ascii(log: Log) -> None:
    names = ["".join(chr(0x4E00 + number * 7 % 5000 + at) for at in range(3)) for number in range(300)]
    log.fill([name.encode() for name in names])
    for number in range(1, 301):
        for needle in (names[number - 1], names[number - 1][0], names[number - 1][1:]):
            assert number in log.search(needle.encode(), 300)
    assert log.search("ω".encode()) == []


@pytest.mark.parametrize("needle", [b"abcdefg", b"ab", b"zzz", b"nowhere"])
def test_a_search_ends_at_its_deadline(log: Log, needle: bytes) -> None:
    log.fill([b"abcde\xfebcdef\xfecdefg"] * 300)
    with pytest.raises(TimeoutError):
        log.search(needle, deadline=time.monotonic() - 1)


def test_a_search_stays_within_its_budget(log: Log) -> None:
    log.fill([b"abcde\xfebcdef\xfecdefg" * 1000] * 300)
    kept = Kept()
    assert log.search(b"abcdefg", kept=kept) == []
    with pytest.raises(OverBudgetError):
        log.search(b"abcdefg", kept=kept, budget=1 << 20)
    assert log.search(b"abcdefg", kept=kept, budget=16 << 20) == []
    assert log.search(b"bcdef", 3, kept=kept, budget=1 << 20) == [1, 2, 3]


def test_what_is_not_kept_counts_as_read(log: Log) -> None:
    log.fill([b"%d." % number + bytes([97 + number % 26]) * 60_000 for number in range(320)])
    kept = Kept()
    with pytest.raises(OverBudgetError):
        log.search(b"200.", kept=kept, budget=1 << 20)
    assert log.search(b"200.", kept=kept) == [201]
    assert log.search(b"200.", kept=kept, budget=1 << 20) == [201]


@pytest.mark.parametrize(
    ("bits", "longest", "found"),
    [
        (0b1001, 0, [(0, 1), (3, 4)]),
        (0b1001, 1, [(0, 1), (3, 4)]),
        (0b1001, 2, [(0, 4)]),
        (0b1001, 9, [(0, 4)]),
        (0b1101_0011, 1, [(0, 2), (4, 8)]),
        (0, 3, []),
        (0b1_1100, 3, [(2, 5)]),
    ],
)
def test_short_gaps_are_scanned_too(bits: int, longest: int, found: list[tuple[int, int]]) -> None:
    assert substring.ranges(bits, longest) == found


def test_a_part_that_is_missing_is_told(log: Log) -> None:
    log.fill([b"quetzal%d." % number for number in range(1, 330)])
    assert log.search(b"quetzal300") == [300]
    with log.environment.begin(write=True) as transaction:
        for span in tables.spans(320):
            transaction.delete(span.key(2), db=log.signatures)
    with pytest.raises(tables.TableError):
        log.search(b"quetzal300")


@pytest.mark.parametrize("length", [1200, 40], ids=["own pages", "shared pages"])
def test_what_is_kept_open_stays_true_while_the_log_grows(log: Log, length: int) -> None:
    """Entries and parts of tables that have pages of their own or not, and tables that are removed."""
    rng = Random(1)
    texts: list[bytes] = []
    kept = Kept()
    for turn in range(40):
        if turn % 4 == 0:
            known, older = len(texts), log.environment.begin(buffers=True)
        more = [rng.randbytes(length // 2).hex().encode() for _ in range(24)]
        with log.environment.begin(write=True) as transaction:
            numbered = [
                (number.to_bytes(16, "big"), text) for number, text in enumerate(more, len(texts) + 1)
            ]
            term_log.append(transaction, log.terms, len(texts) + 1, numbered)
        texts += more
        for span in tables.spans(term_log.sealed(len(texts))):
            with log.environment.begin() as snapshot:
                stored = snapshot.get(span.key(tables.HEADER), db=log.signatures) is not None
            if not stored:
                sign(log.environment, log.terms, log.signatures, span)
        sought = [(number, rng.randrange(length - 12)) for number in rng.sample(range(len(texts)), 12)]
        assert log.search(b"nobody", kept=kept) == []  # the newest is what is kept
        for number, at in sought:
            found = log.search_in(older, texts[number][at : at + 12], 50, kept)
            assert found == [number + 1] * (number < known)
        for number, at in sought:
            assert log.search(texts[number][at : at + 12], kept=kept) == [number + 1]
        if turn % 4 == 3:
            older.abort()
    assert len(kept.segments.tiers) > 20
    assert {span.level for span in kept.signatures} == {0, 1}
    assert any(opened.views for opened in kept.signatures.values()) is (length > 1000)
