"""Signatures come by themselves, and nothing depends on them but speed."""

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import lmdb
import pytest

from index import tables, term_log, text
from index.tables import Span
from storage import derived, layout, lock, signer
from storage.committer import Committer
from storage.environment import Environment, open_environment
from storage.observer import Nobody
from storage.people import Created
from storage.store import Store
from storage.strategies import memory_queue, table
from storage.strategies.shape import Job
from storage.verify import verify
from tests.serving import until
from tests.storage.damage import SPAN, headers
from tests.storage.samples import read
from tests.storage.test_store import Opened


@pytest.fixture
def place(small_tiers: None, directory: Path) -> Path:
    """A directory for a store; `directory` checks it when the test ends, with the same tiers."""
    directory.mkdir()
    return directory


@pytest.fixture
def unsigned(place: Path) -> Path:
    """A store of 100 people as one without signatures left it."""
    fill(place, 100)
    with opened_environment(place) as opened, opened.lmdb.begin(write=True) as transaction:
        transaction.drop(opened.signatures, delete=False)
    return place


@contextmanager
def opened_environment(place: Path) -> Iterator[Environment]:
    """The environment of a store that nobody else has open."""
    opened = open_environment(place, 1 << 30)
    yield opened
    opened.close()


def fill(place: Path, count: int) -> None:
    made = Opened(place, table.DEFAULT)
    for number in range(count):
        assert isinstance(made.create(f"quetzal{number}."), Created)
    made.store.close()


def signed(opened: Store[str]) -> list[Span]:
    return headers(opened._environment)


def tiers(*firsts: int) -> list[Span]:
    return [Span(first, 16, 1) for first in firsts]


def test_signatures_come_while_people_do_and_searches_never_differ(place: Path) -> None:
    made = Opened(place, table.DEFAULT)
    documents = []
    for number in range(100):
        created = made.create(f"quetzal{number}.")
        assert isinstance(created, Created)
        documents.append(created.document)
        assert made.store.search(b"quetzal", 100) == documents
        assert made.store.search(b"zal%d." % number, 50) == documents[-1:]
        assert made.store.search(b"zal0.", 50) == documents[:1]
        assert made.store.search(b"absent", 50) == []
        assert made.store.search(b"q", 100, after=created.id) == []
    until(lambda: signed(made.store) == tiers(1, 17, 33, 49, 65, 81))
    assert made.store.search(b"quetzal", 100) == documents
    assert made.store.search(text.needle("ZAL50."), 50) == [documents[50]]
    made.store.close()
    assert list(verify(place, read)) == []


@pytest.mark.parametrize("strategy", table.TABLE, ids=lambda strategy: strategy.name)
def test_tables_come_when_people_are_durable_however_they_are_written(
    place: Path, strategy: table.Strategy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_queue, "FLUSH_SECONDS", 0.02)
    made = Opened(place, strategy)
    for number in range(33):
        assert isinstance(made.create(f"quetzal{number}."), Created)
    until(lambda: signed(made.store) == tiers(1, 17))
    made.store.close()


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups of 32 people."""
    monkeypatch.setattr(tables, "GROUP", 2)


def test_the_table_of_a_group_takes_the_place_of_its_tiers(small_groups: None, place: Path) -> None:
    made = Opened(place, table.DEFAULT)
    documents = []
    for number in range(1, 85):
        created = made.create(f"quetzal{number}.")
        assert isinstance(created, Created)
        documents.append(created.document)
        groups = [Span(first, 32, 0) for first in range(1, number // 32 * 32, 32)]
        rest = tiers(number // 32 * 32 + 1) if number % 32 >= 16 else []
        until(lambda: signed(made.store) == groups + rest)  # noqa: B023
        assert made.store.search(b"quetzal", 100) == documents
        assert made.store.search(b"zal%d." % (number // 2 + 1), 50) == [documents[number // 2]]
    made.store.close()
    with opened_environment(place) as environment, environment.lmdb.begin() as snapshot:
        keys = list(snapshot.cursor(environment.signatures).iternext(values=False))
    assert {bytes(key[:9]) for key in keys} == {span.prefix for span in [*groups, *tiers(65)]}


def test_a_group_is_built_though_its_parts_have_none_or_those_of_an_earlier_version(
    small_groups: None, unsigned: Path
) -> None:
    with opened_environment(unsigned) as environment, environment.lmdb.begin(write=True) as transaction:
        for number in range(1, 96, 16):
            transaction.put(term_log.key_of(number), b"GSS1", db=environment.signatures)
        # One that was not finished, and is of another text.
        transaction.put(Span(33, 32, 0).key(2), tables.seal(b"mine"), db=environment.signatures)
    assert list(verify(unsigned, read)) == []
    made = Opened(unsigned, table.DEFAULT)
    until(lambda: signed(made.store) == [Span(first, 32, 0) for first in (1, 33, 65)])
    assert len(made.store.search(b"zal5", 50)) == 11
    made.store.close()
    with opened_environment(unsigned) as environment, environment.lmdb.begin() as snapshot:
        assert snapshot.get(term_log.key_of(17), db=environment.signatures) is None


def test_a_store_without_them_is_whole_and_gets_them_when_opened(unsigned: Path) -> None:
    with opened_environment(unsigned) as environment:
        assert headers(environment) == []
    assert list(verify(unsigned, read)) == []
    made = Opened(unsigned, table.DEFAULT)
    until(lambda: signed(made.store) == tiers(1, 17, 33, 49, 65, 81))
    made.store.close()


def test_a_store_from_before_there_were_any_opens(place: Path) -> None:
    fill(place, 20)
    with lmdb.open(str(place), max_dbs=1) as plain, plain.begin(write=True) as transaction:
        transaction.drop(plain.open_db(b"signatures", transaction))
    layout.check(place)
    with lmdb.open(str(place), max_dbs=1) as plain:
        assert b"signatures" not in plain.dbs()
    made = Opened(place, table.DEFAULT)
    until(lambda: signed(made.store) == tiers(1))
    made.store.close()


def test_a_full_map_costs_signatures_and_nothing_else(
    unsigned: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried = Event()

    def full(self: Committer[str], job: object) -> None:
        tried.set()
        raise lmdb.MapFullError("MDB_MAP_FULL")

    monkeypatch.setattr(Committer, "transact", full)
    with caplog.at_level(logging.WARNING):
        made = Opened(unsigned, table.DEFAULT)
        for number in range(101, 100 + 3 * 16):
            tried.clear()
            assert isinstance(made.create(f"new{number}"), Created)
            if number % 16 == 0:
                assert tried.wait(20)
                assert made.store.trouble() is None
    assert made.store.search(b"quetzal99.", 50) != []
    assert not made.broken.is_set()
    made.store.close()
    assert ["tables are missing" in line.message for line in caplog.records] == [True]


def test_a_failure_to_build_costs_signatures_and_nothing_else(
    unsigned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = Event()

    def fail(texts: object, entries: int) -> list[bytes]:
        tried.set()
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(signer, "KINDS", [derived.KINDS[0]._replace(build=fail)])
        made = Opened(unsigned, table.DEFAULT)
        assert tried.wait(20)
        assert isinstance(made.create("new"), Created)
        made.store.close()
    assert not made.broken.is_set()


def test_what_failed_is_tried_again_though_nobody_comes(
    unsigned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signer, "_FAILED_SECONDS", 0.01)
    failing = [OSError(errno.ENOSPC, "No space left on device"), MemoryError()]
    transact = Committer.transact

    def at_first(self: Committer[str], job: Job) -> None:
        if failing:
            raise failing.pop()
        transact(self, job)

    monkeypatch.setattr(Committer, "transact", at_first)
    made = Opened(unsigned, table.DEFAULT)
    until(made.store.signed)
    assert not failing
    made.store.close()


def test_what_another_worker_has_signed_is_not_signed_again(
    unsigned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Opened(unsigned, table.DEFAULT)
    until(one.store.signed)
    writes: list[object] = []
    monkeypatch.setattr(one.store._signer, "_transact", writes.append)
    one.store._signer._add_missing()
    assert writes == []
    one.store.close()


def test_one_process_builds_at_a_time(unsigned: Path) -> None:
    """Or the table of a group would take away half of what another is about to finish."""
    file = os.open(unsigned / "data.mdb", os.O_RDONLY)
    with lock.unless_held(file) as mine:
        assert mine
        made = Opened(unsigned, table.DEFAULT)
        Event().wait(0.3)
        assert signed(made.store) == []
    until(lambda: len(signed(made.store)) == 6)
    made.store.close()
    os.close(file)


def test_a_table_is_stored_in_short_transactions_the_header_last(
    unsigned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signer, "_BYTES_A_TRANSACTION", 1)
    stored: list[int] = []
    transact = Committer.transact

    def counted(self: Committer[str], job: Job) -> None:
        transact(self, job)
        with opened.store._environment.lmdb.begin() as snapshot:
            database = opened.store._environment.signatures
            stored.append(sum(snapshot.get(SPAN.key(part), db=database) is not None for part in range(9)))
            assert (snapshot.get(SPAN.key(0), db=database) is not None) == (stored[-1] == 3)

    monkeypatch.setattr(Committer, "transact", counted)
    opened = Opened(unsigned, table.DEFAULT)
    until(lambda: len(signed(opened.store)) == 6)
    opened.store.close()
    assert stored[:3] == [1, 2, 3]


def test_the_thread_ends_with_the_store(unsigned: Path) -> None:
    made = Opened(unsigned, table.DEFAULT)
    made.store.close()
    assert not made.store._signer._thread.is_alive()


class _Counted(Nobody):
    """How many blocks searches have met and passed over."""

    found = (0, 0)

    def looked_into(self, blocks: int, skipped: int) -> None:
        self.found = blocks, skipped


def test_blocks_that_are_passed_over_are_told(place: Path) -> None:
    fill(place, 48)
    counted = _Counted()
    opened = Opened(place, table.DEFAULT, observer=counted)
    until(lambda: signed(opened.store) == tiers(1, 17, 33))
    assert opened.store.search(b"nobody at all", 50) == []
    assert counted.found == (3, 3)
    assert len(opened.store.search(b"quetzal20.", 50)) == 1
    assert counted.found == (6, 5)
    opened.store.close()
