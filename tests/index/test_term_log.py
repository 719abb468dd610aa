from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import term_log
from index.segment import Entry
from tests.index.databases import opened
from tests.index.test_segment import contents


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
            walked = [found for part in term_log.segments(snapshot, database) for found in contents(part)]
            keys = [int.from_bytes(bytes(key), "big") for key, _ in snapshot.cursor(database)]
            lengths = [len(part.offsets) for part in term_log.segments(snapshot, database)]
    assert walked == [entry(number) for number in range(1, first)]
    assert keys == [1 + sum(lengths[:i]) for i in range(len(lengths))]


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
            walked = [found[0] for part in term_log.segments(snapshot, database) for found in contents(part)]
    assert sorted(sizes)[-2] <= 4000 + 40  # the one entry beyond it stays alone
    assert max(sizes) > 9000
    assert walked == [number.to_bytes(16, "big") for number in range(1, 3000)]


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
            for first in (1, 4, 6, 11):
                term_log.append(transaction, database, first, [entry(first)] * (4 if first == 6 else 2))
        with environment.begin(buffers=True) as snapshot:

            def walked(first: int, end: int | None = None) -> list[int]:
                parts = term_log.segments(snapshot, database, first, end)
                return [int.from_bytes(part.key(0), "big") for part in parts]

            assert list(term_log.numbers(snapshot, database)) == [1, 4, 6, 11]
            assert walked(1) == [1, 4, 6, 11]
            assert walked(2, 11) == [4, 6]
            assert walked(4, 4) == []
            assert walked(11) == [11]
            assert walked(12) == []
