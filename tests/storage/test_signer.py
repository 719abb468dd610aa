"""Signatures come by themselves, and nothing depends on them but speed."""

import logging
from pathlib import Path
from threading import Event

import lmdb
import pytest

from index import signature, term_log, text
from storage import environment
from storage.committer import Committer
from storage.environment import Environment, open_environment
from storage.people import Created
from storage.strategies import table
from storage.verify import verify
from tests.serving import until
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
    opened = open_environment(place, 1 << 30)
    with opened.lmdb.begin(write=True) as transaction:
        transaction.drop(opened.signatures)
    opened.close()
    return place


def fill(place: Path, count: int) -> None:
    made = Opened(place, table.DEFAULT)
    for number in range(count):
        assert isinstance(made.create(f"quetzal{number}."), Created)
    made.store.close()


def signed(opened: Environment) -> list[int]:
    with opened.lmdb.begin() as snapshot:
        return list(term_log.numbers(snapshot, opened.signatures))


def sealed(opened: Environment) -> list[int]:
    with opened.lmdb.begin() as snapshot:
        end = term_log.sealed(snapshot.stat(opened.people)["entries"])
        return [number for number in term_log.numbers(snapshot, opened.terms) if number <= end]


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
    opened = made.store._environment
    assert sealed(opened) == [1, 17, 33, 49, 65, 81]
    until(lambda: signed(opened) == sealed(opened))
    assert made.store.search(b"quetzal", 100) == documents
    assert made.store.search(text.needle("ZAL50."), 50) == [documents[50]]
    made.store.close()
    assert list(verify(place, read)) == []


def test_a_store_without_them_is_whole_and_gets_them_when_opened(unsigned: Path) -> None:
    opened = open_environment(unsigned, 1 << 30)
    assert signed(opened) == []
    opened.close()
    assert list(verify(unsigned, read)) == []
    made = Opened(unsigned, table.DEFAULT)
    until(lambda: signed(made.store._environment) == [1, 17, 33, 49, 65, 81])
    made.store.close()


def test_a_store_from_before_there_were_any_opens(place: Path) -> None:
    fill(place, 20)
    with lmdb.open(str(place), max_dbs=1) as plain, plain.begin(write=True) as transaction:
        transaction.drop(plain.open_db(b"signatures", transaction))
    environment.check(place)
    with lmdb.open(str(place), max_dbs=1) as plain:
        assert b"signatures" not in plain.dbs()
    made = Opened(place, table.DEFAULT)
    until(lambda: signed(made.store._environment) == [1])
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
    assert made.store.search(b"quetzal99.", 50) != []
    assert not made.broken.is_set()
    made.store.close()
    assert ["without signatures" in line.message for line in caplog.records] == [True]


def test_a_failure_to_build_costs_signatures_and_nothing_else(
    unsigned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = Event()

    def fail(part: object) -> bytes:
        tried.set()
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(signature, "build", fail)
        made = Opened(unsigned, table.DEFAULT)
        assert tried.wait(20)
        assert isinstance(made.create("new"), Created)
        made.store.close()
    assert not made.broken.is_set()


def test_two_workers_sign_the_same_segments(unsigned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Opened(unsigned, table.DEFAULT)
    until(lambda: len(signed(one.store._environment)) == 6)
    writes: list[object] = []
    monkeypatch.setattr(one.store._signer, "_transact", writes.append)
    # As if it had looked before the other had stored them.
    for number in sealed(one.store._environment):
        one.store._signer._sign(number)
    assert writes == []
    one.store.close()


def test_the_thread_ends_with_the_store(unsigned: Path) -> None:
    made = Opened(unsigned, table.DEFAULT)
    made.store.close()
    assert not made.store._signer._thread.is_alive()
