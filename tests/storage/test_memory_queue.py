"""What memory-queue does not promise, and does not hide."""

import logging
from pathlib import Path

import pytest

from storage import people
from storage.errors import Broken
from storage.records import clock_now, give_id
from storage.strategies import memory_queue, table
from tests.serving import until
from tests.storage.samples import record
from tests.storage.test_store import Opened, created


def test_a_nickname_that_another_worker_gave_is_dropped_counted_and_logged(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory.mkdir()
    made = Opened(directory, table.find("memory-queue"))
    mine = created(made.create("ana"))
    environment = made.store._environment
    theirs = give_id(record("ana"), clock_now(), 0)
    with environment.lmdb.begin(write=True) as transaction:
        people.settle(environment, transaction, [theirs], 0)
    assert made.store.get(mine.id) == mine.document  # in this worker nobody knows yet
    with caplog.at_level(logging.WARNING):
        until(lambda: made.store.get(mine.id) is None)
    assert made.store._writer.dropped == 1  # type: ignore[attr-defined]
    assert "1 answered people dropped" in caplog.text
    assert made.store.count() == 1
    made.store.close()


def test_who_is_written_and_still_in_memory_is_there_once(directory: Path) -> None:
    directory.mkdir()
    made = Opened(directory, table.find("memory-queue"))
    environment = made.store._environment
    theirs = give_id(record("ana"), clock_now(), 0)
    people_seen: list[tuple[int, int]] = []
    environment.committed = lambda: people_seen.append((made.store.count(), len(made.store.search(b"", 50))))
    for name in ("ana", "bia", "eva"):
        created(made.create(name))
    with environment.lmdb.begin(write=True) as transaction:
        people.settle(environment, transaction, [theirs], 0)  # one of the three is dropped
    until(lambda: people_seen)
    assert people_seen == [(3, 3)]
    made.store.close()


def test_after_a_failed_flush_nothing_is_tried_again_and_the_lost_are_counted(
    directory: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(memory_queue, "FLUSH_SECONDS", 0.02)
    directory.mkdir()
    made = Opened(directory, table.find("memory-queue"))

    def fail(*arguments: object) -> None:
        raise KeyError("nobody foresaw this")

    with monkeypatch.context() as patched:
        patched.setattr(people, "settle", fail)
        created(made.create("ana"))
        assert made.broken.wait(20)
    with pytest.raises(Broken):
        made.store.create(record("bia"), "bia")
    made.store.close()
    assert made.store._writer.lost == 1  # type: ignore[attr-defined]
    assert "1 answered people are lost" in caplog.text
    again = Opened(directory, table.DEFAULT)
    assert again.store.count() == 0
    again.store.close()


def test_whom_a_full_store_has_no_room_for_at_the_end_are_counted(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory.mkdir()
    made = Opened(directory, table.find("memory-queue"), map_size=1 << 20)
    for number in range(1000):
        created(made.create(f"p{number}", padding=2000))
    made.store.close()
    assert made.store._writer.lost == 1000  # type: ignore[attr-defined]
    assert "1000 answered people are lost" in caplog.text
