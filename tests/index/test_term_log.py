from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lmdb import Transaction

from index import term_log
from index.segment import Entry
from index.term_log import Segments, Walk
from tests.index.databases import opened
from tests.index.test_segment import contents


def walked(walk: Walk, first: int = 1, end: int = 1 << 40) -> list[Entry]:
    """Entries from one number to before another, read slowly."""
    return [found for part, begin, stop in walk.slices(first, end) for found in contents(part)[begin:stop]]


def entry(number: int, length: int = 20) -> Entry:
    return number.to_bytes(16, "big"), (b"%d." % number).ljust(length, b"x")


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 200), max_size=60))
def test_groups_of_any_size_come_back_in_order(sizes: list[int]) -> None:
    with TemporaryDirectory() as place, opened(Path(place)) as (environment, database):
        first = 1
        for size in sizes:
            with environment.begin(write=True) as transaction:
                term_log.append(transaction, database, first, [entry(first + i) for i in range(size)])
            first += size
        with environment.begin(buffers=True) as snapshot:
            walk = Walk(snapshot, database)
            assert walk.last() == first - 1
            assert walked(walk) == [entry(number) for number in range(1, first)]
            keys = [int.from_bytes(bytes(key), "big") for key, _ in snapshot.cursor(database)]
            lengths = [len(part.offsets) for part, _, _ in walk.slices(1, first)]
    assert keys == [1 + sum(lengths[:i]) for i in range(len(lengths))]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 200), max_size=60), st.integers(0, 60))
def test_what_is_kept_shows_each_snapshot_its_own_entries(sizes: list[int], when: int) -> None:
    def entries(snapshot: "Transaction[memoryview]", kept: Segments) -> list[Entry]:
        walk = Walk(snapshot, database, kept)
        walk.last()
        return walked(walk)

    with (
        patch.object(term_log, "_MOST_RECENT", 3),
        TemporaryDirectory() as place,
        opened(Path(place)) as (environment, database),
        ExitStack() as ending,
    ):
        kept, older, seen = Segments(), None, 0
        first = 1
        for turn, size in enumerate(sizes):
            with environment.begin(write=True) as transaction:
                term_log.append(transaction, database, first, [entry(first + i) for i in range(size)])
            first += size
            if turn == when:
                older, seen = ending.enter_context(environment.begin(buffers=True)), first
            with environment.begin(buffers=True) as snapshot:
                assert entries(snapshot, kept) == [entry(number) for number in range(1, first)]
                assert len(kept.recent) <= 3
            if older:
                assert entries(older, kept) == [entry(number) for number in range(1, seen)]


def test_a_walk_meets_few_segments(tmp_path: Path) -> None:
    with opened(tmp_path) as (environment, database):
        most = 0
        with environment.begin(write=True) as transaction:
            for number in range(1, 2 * term_log.TIERS[-1]):
                term_log.append(transaction, database, number, [entry(number)])
                most = max(most, transaction.stat(database)["entries"])
        assert most <= 15 + 7 + 7 + 15 + 1


def test_nothing_is_merged_beyond_the_sealed_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(term_log, "SEALED", 4000)
    with opened(tmp_path) as (environment, database):
        with environment.begin(write=True) as transaction:
            term_log.append(transaction, database, 1, [entry(number) for number in range(1, 300)])
            for number in range(300, 2000):
                term_log.append(transaction, database, number, [entry(number)])
            term_log.append(transaction, database, 2000, [entry(2000, length=9000)])
            for number in range(2001, 3000):
                term_log.append(transaction, database, number, [entry(number)])
        with environment.begin(buffers=True) as snapshot:
            sizes = [len(value) for _, value in snapshot.cursor(database)]
            keys = [key for key, _ in walked(Walk(snapshot, database))]
    assert sorted(sizes)[-2] <= 4000 + 40  # the one entry beyond it stays alone
    assert max(sizes) > 9000
    assert keys == [number.to_bytes(16, "big") for number in range(1, 3000)]


@pytest.mark.parametrize(
    ("first", "last", "start"),
    [
        (1, 1, None),
        (15, 15, None),
        (16, 16, 1),
        (32, 32, 17),
        (33, 47, None),
        (31, 33, 17),
        (128, 128, 1),
        (129, 200, 129),
        (256, 256, 129),
        (1024, 1024, 1),
        (16384, 16384, 1),
        (16385, 32768, 16385),
        (5, 100_000, 1),
    ],
)
def test_where_a_merge_starts(first: int, last: int, start: int | None) -> None:
    assert term_log.merge_start(first, last) == start


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 40), max_size=30), st.integers(300, 3000))
def test_what_is_sealed_never_changes_again(sizes: list[int], limit: int) -> None:
    with (
        patch.object(term_log, "TIERS", (2, 4, 16)),
        patch.object(term_log, "SEALED", limit),
        TemporaryDirectory() as place,
        opened(Path(place)) as (environment, database),
    ):
        sealed: dict[int, bytes] = {}
        last = 0
        for size in sizes:
            with environment.begin(write=True) as transaction:
                term_log.append(transaction, database, last + 1, [entry(last + 1 + i) for i in range(size)])
                last += size
                now = {int.from_bytes(key, "big"): value for key, value in transaction.cursor(database)}
            assert sealed.items() <= now.items()
            sealed = {number: value for number, value in now.items() if number <= term_log.sealed(last)}
            assert (last >= 16) == (1 in sealed)


def test_a_part_of_the_log_is_walked(tmp_path: Path) -> None:
    with opened(tmp_path) as (environment, database):
        with environment.begin(write=True) as transaction:
            for first, count in ((1, 3), (4, 2), (6, 5), (11, 2)):
                term_log.append(transaction, database, first, [entry(first + i) for i in range(count)])
        with environment.begin(buffers=True) as snapshot:
            assert list(term_log.numbers(snapshot, database)) == [1, 4, 6, 11]
            walk = Walk(snapshot, database)
            for begin in range(1, 15):  # in any order
                for end in range(15, 0, -1):
                    assert walked(walk, begin, end) == [entry(n) for n in range(begin, min(end, 13))]
            assert [(begin, stop) for _, begin, stop in walk.slices(5, 12)] == [(1, 2), (0, 5), (0, 1)]
        with environment.begin(write=True) as transaction:
            transaction.delete(term_log.key_of(6), db=database)
            assert walked(Walk(transaction, database), 4, 12) == [entry(4), entry(5)]


def test_an_empty_log_has_no_entries(tmp_path: Path) -> None:
    with opened(tmp_path) as (environment, database), environment.begin(buffers=True) as snapshot:
        assert Walk(snapshot, database).last() == 0
        assert walked(Walk(snapshot, database)) == []
