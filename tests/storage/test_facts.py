"""What a store says of itself."""

from pathlib import Path

import pytest

from storage import layout, records
from storage.strategies import table
from tests.storage.test_store import Opened


@pytest.fixture
def opened(directory: Path) -> Opened:
    directory.mkdir()
    return Opened(directory, table.DEFAULT)


def test_an_empty_store(opened: Opened) -> None:
    found = opened.store.facts()
    assert (found.people, found.waiting, found.segments) == (0, 0, 0)
    assert found.format == records.FORMAT
    assert set(found.databases) == {name.decode() for name in layout.NAMES}
    opened.store.close()


def test_pages_add_up_and_people_are_counted(opened: Opened, directory: Path) -> None:
    for number in range(5):
        opened.create(f"number {number}")
    found = opened.store.facts()
    assert (found.people, found.waiting, found.segments) == (5, 0, 5)
    own = opened.store._environment.lmdb.stat()["leaf_pages"] + 2
    pages = sum(found.databases.values()) // found.page
    assert own + pages + found.free_pages == found.used // found.page
    assert found.free_pages > 0
    assert found.used <= (directory / layout.DATA_FILE).stat().st_size <= found.map
    assert 0 < found.readers <= found.reader_slots
    opened.store.close()


def test_readers_come_and_go(opened: Opened) -> None:
    lmdb = opened.store._environment.lmdb
    snapshots = [lmdb.begin() for _ in range(20)]
    assert opened.store.facts().readers >= 20
    while snapshots:
        snapshots.pop().abort()
    assert opened.store.facts().readers < 10  # a few are kept for the next ones
    opened.store.close()


def test_who_waits_is_counted_too(directory: Path) -> None:
    directory.mkdir()
    opened = Opened(directory, table.find("write-behind"), window=60.0)
    for number in range(3):
        opened.create(f"number {number}")
    found = opened.store.facts()
    assert (found.people, found.waiting) == (3, 3)
    opened.store.close()
