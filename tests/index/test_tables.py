from pathlib import Path

import pytest
from lmdb import Transaction

from index import tables, term_log
from index.tables import Kept, Span
from tests.index.databases import opened


def test_whole_groups_have_one_table_and_the_tiers_left_one_each() -> None:
    tier, group = 16384, 262144
    assert tables.spans(0) == ()
    assert list(tables.spans(2 * tier)) == [Span(1, tier, 1), Span(tier + 1, tier, 1)]
    assert list(tables.spans(2 * group)) == [Span(1, group, 0), Span(group + 1, group, 0)]
    assert list(tables.spans(group + tier)) == [Span(1, group, 0), Span(group + 1, tier, 1)]
    assert list(Span(group + 1, group, 0).tiers()) == [
        Span(first, tier, 1) for first in range(group + 1, 2 * group, tier)
    ]


@pytest.mark.parametrize("sealed", [16384 * count for count in (1, 15, 16, 17, 40)])
def test_a_span_is_known_by_its_prefix(sealed: int) -> None:
    for span in tables.spans(sealed):
        assert tables.span_of(span.prefix) == span
        assert span.key(3)[: tables.PREFIX] == span.prefix


@pytest.mark.parametrize(
    ("first", "level"), [(0, 0), (2, 1), (16384, 1), (16385, 0), (1, 2), (262146, 0), (16386, 1)]
)
def test_nothing_else_is_a_span(first: int, level: int) -> None:
    assert tables.span_of(term_log.key_of(first) + bytes([level])) is None


def test_a_part_that_was_changed_or_cut_is_not_whole() -> None:
    stored = tables.seal(b"quetzal")
    assert tables.is_whole(stored)
    assert not any(tables.is_whole(stored[:length]) for length in range(len(stored)))
    for at in range(len(stored)):
        assert not tables.is_whole(stored[:at] + bytes([stored[at] ^ 1]) + stored[at + 1 :])


def test_a_new_table_replaces_all_others_of_its_entries_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(term_log, "TIERS", (4,))
    monkeypatch.setattr(tables, "GROUP", 2)
    spans = [Span(first, 4, 1) for first in (1, 5, 9, 13, 17)] + [Span(9, 8, 0), Span(17, 8, 0)]
    kept = [Span(1, 4, 1), Span(5, 4, 1), Span(17, 4, 1), Span(9, 8, 0), Span(17, 8, 0)]
    with opened(tmp_path) as (environment, database):
        with environment.begin(write=True) as transaction:
            for span in spans:
                for part in (0, 1, 300):
                    transaction.put(span.key(part), tables.seal(b"x"), db=database)
            for number in (5, 9, 13, 17):
                transaction.put(term_log.key_of(number), b"an earlier version's", db=database)
            tables.remove_replaced(transaction, database, Span(9, 8, 0))
        with environment.begin() as snapshot:
            left = set(snapshot.cursor(database).iternext(values=False))
    assert left == {
        *(span.key(part) for span in kept for part in (0, 1, 300)),
        term_log.key_of(5),
        term_log.key_of(17),
    }


def test_an_older_snapshot_does_not_use_a_newer_table_that_another_has_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(term_log, "TIERS", (4,))
    monkeypatch.setattr(tables, "GROUP", 2)
    group = Span(1, 8, 0)
    kept: Kept = {}
    with opened(tmp_path) as (environment, database):

        def store(span: Span) -> None:
            with environment.begin(write=True) as transaction:
                for part in range(3):
                    transaction.put(span.key(part), tables.seal(b"of level %d" % span.level), db=database)
                tables.remove_replaced(transaction, database, span)

        def seen(snapshot: "Transaction[memoryview]") -> list[tuple[Span, bytes]]:
            """Every span with a table, and what one of its parts says."""
            covered = tables.cover(snapshot, database, 1, 8, kept)
            return [
                (span, bytes(tables.content(table.parts(1)))) for span, table in covered if table is not None
            ]

        for tier in group.tiers():
            store(tier)
        with environment.begin(buffers=True) as older:
            store(group)
            with environment.begin(buffers=True) as newer:
                assert seen(newer) == [(group, b"of level 0")]
                assert seen(older) == [(tier, b"of level 1") for tier in group.tiers()]
                assert seen(newer) == [(group, b"of level 0")]
