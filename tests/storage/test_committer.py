"""Jobs between the groups; what the commit thread does with records is in `test_store`."""

import errno
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import lmdb
import pytest
from lmdb import Transaction

import storage.committer
from storage.committer import Committer
from storage.errors import Broken, TooLarge, Unavailable
from storage.people import Created
from storage.strategies import table
from tests.serving import until
from tests.storage.samples import record
from tests.storage.test_store import Opened


@pytest.fixture
def opened(directory: Path) -> Iterator[Opened]:
    directory.mkdir()
    made = Opened(directory, table.DEFAULT)
    yield made
    made.store.close()


def committer(opened: Opened) -> Committer[str]:
    writer = opened.store._writer
    assert isinstance(writer, Committer)
    return writer


def test_a_job_is_committed_when_transact_returns(opened: Opened) -> None:
    meta = opened.store._environment.meta
    committer(opened).transact(lambda transaction: transaction.put(b"job", b"done", db=meta))
    with opened.store._environment.lmdb.begin() as snapshot:
        assert snapshot.get(b"job", db=meta) == b"done"


def test_a_job_waits_for_the_group_it_met_and_delays_nobody(opened: Opened) -> None:
    counted: list[int] = []

    def count(transaction: "Transaction[bytes]") -> None:
        counted.append(transaction.stat(opened.store._environment.people)["entries"])

    queue = committer(opened)._queue
    transactions = opened.store._environment.lmdb.info()["last_txnid"]
    with opened.store._environment.lmdb.begin(write=True):  # holds the write lock, as another worker might
        opened.store.create(record("first"), "")
        until(queue.empty)  # it is with the commit thread
        opened.store.create(record("before"), "")
        waiting = Thread(target=committer(opened).transact, args=(count,))
        waiting.start()
        until(lambda: queue.qsize() == 2)
        opened.store.create(record("after"), "")
    waiting.join(20)
    assert counted == [3]
    assert (
        opened.store._environment.lmdb.info()["last_txnid"] == transactions + 1
    )  # the group's; it wrote none
    assert all(isinstance(opened.outcomes.get(timeout=20)[1], Created) for _ in range(3))


def test_a_group_of_large_records_is_shorter(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.committer, "_GROUP_BYTES", 3000)
    transactions = opened.store._environment.lmdb.info()["last_txnid"]
    with opened.store._environment.lmdb.begin(write=True):
        for number in range(12):
            opened.store.create(record(f"p{number}", padding=1000), "")
    assert all(isinstance(opened.outcomes.get(timeout=20)[1], Created) for _ in range(12))
    assert opened.store._environment.lmdb.info()["last_txnid"] - transactions >= 4


def test_a_job_that_fails_is_undone_and_creations_go_on(opened: Opened) -> None:
    def fail(transaction: "Transaction[bytes]") -> None:
        transaction.put(b"job", b"half done", db=opened.store._environment.meta)
        raise lmdb.MapFullError("MDB_MAP_FULL")

    with pytest.raises(TooLarge):
        committer(opened).transact(fail)
    with opened.store._environment.lmdb.begin() as snapshot:
        assert snapshot.get(b"job", db=opened.store._environment.meta) is None
    assert isinstance(opened.create("ana"), Created)
    assert not opened.broken.is_set()


def test_after_an_io_error_in_a_job_nothing_is_written_any_more(opened: Opened) -> None:
    def fail(transaction: "Transaction[bytes]") -> None:
        error = lmdb.Error("Input/output error")
        error.code = errno.EIO  # type: ignore[misc]
        raise error

    with pytest.raises(Broken):
        committer(opened).transact(fail)
    assert opened.broken.is_set()
    with pytest.raises(Unavailable):
        opened.store.create(record("ana"), "ana")
    with pytest.raises(Unavailable):
        committer(opened).transact(lambda transaction: None)
