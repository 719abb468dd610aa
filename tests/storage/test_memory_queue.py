"""What memory-queue does not promise, and does not hide."""

import logging
from pathlib import Path

import pytest

from storage import people
from storage.records import clock_now, give_id
from storage.strategies import table
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
