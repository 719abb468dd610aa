"""What memory-queue does not promise, and does not hide."""

import logging
from pathlib import Path
from typing import cast

import pytest

from storage import people
from storage.errors import Broken, Full
from storage.records import clock_now, give_id
from storage.strategies import memory_queue, table
from storage.strategies.memory_queue import MemoryQueue
from storage.strategies.shape import Recent
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


def there(made: Opened, term: bytes) -> tuple[int, list[bytes], list[bytes]]:
    """How many there are, whom a search finds, whom a forgiving one."""
    return made.store.count(), made.store.search(term, 50), made.store.resembling(term.decode(), 50)


def test_who_is_written_and_still_in_memory_is_there_once(directory: Path) -> None:
    directory.mkdir()
    made = Opened(directory, table.find("memory-queue"))
    documents = [created(made.create(name)).document for name in ("barbara", "barbosa")]
    seen: list[tuple[int, list[bytes], list[bytes]]] = []
    made.store._environment.committed = lambda: seen.append(there(made, b"barb"))
    until(lambda: seen)
    assert seen == [(2, documents, documents)]
    made.store.close()


@pytest.mark.parametrize("fails", [False, True])
def test_whoever_a_flush_takes_before_the_snapshot_is_there_once(
    directory: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    monkeypatch.setattr(memory_queue, "FLUSH_SECONDS", 3600)
    directory.mkdir()
    made = Opened(directory, table.find("memory-queue"))
    writer = cast(MemoryQueue[str], made.store._writer)
    documents = [created(made.create("barbara")).document]
    created(made.create("barbudo"))
    if fails:  # the disk is full once, and somebody comes meanwhile

        def settle(*_: object) -> None:
            documents.append(created(made.create("barbosa")).document)
            raise Full("planted")

        with monkeypatch.context() as patched:
            patched.setattr(people, "settle", settle)
            writer._flush()
    theirs = give_id(record("barbudo"), clock_now(), 0)
    with made.store._environment.lmdb.begin(write=True) as transaction:
        people.settle(made.store._environment, transaction, [theirs], 0)  # ours is to be dropped
    take = writer.recent

    def recent() -> Recent:
        taken = take()
        writer._flush()
        return taken

    monkeypatch.setattr(writer, "recent", recent)
    for count in (1, 2, 3):
        found = [theirs.document, *documents]
        assert there(made, b"barb") == (len(found), found, found)
        assert made.store.search(b"barb", 50, after=theirs.id) == documents
        documents.append(created(made.create(f"barb {count}")).document)
    made.store.close()


def test_a_flush_writes_what_a_transaction_should_hold(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_queue, "FLUSH_SECONDS", 3600)
    directory.mkdir()
    made = Opened(directory, table.find("memory-queue"))
    commits: list[int] = []
    made.store._environment.committed = lambda: commits.append(made.store.count())
    for number in range(40):
        created(made.create(f"p{number}", padding=400_000))
    cast(MemoryQueue[str], made.store._writer)._flush()
    assert len(commits) > 2
    assert set(commits) == {40}
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
