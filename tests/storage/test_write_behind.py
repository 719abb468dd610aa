"""What write-behind promises beyond what every strategy does."""

from pathlib import Path
from queue import Empty

import pytest

from storage.errors import Full
from storage.people import Created
from storage.strategies import table
from tests.serving import until
from tests.storage.samples import record
from tests.storage.test_store import Opened, created, open_recovered


def test_while_the_store_can_not_be_written_answers_stop_within_the_window(directory: Path) -> None:
    directory.mkdir()
    made = Opened(directory, table.find("write-behind"), window=0.2)
    with made.store._environment.lmdb.begin(write=True):  # a disk that takes for ever
        first = created(made.create("ana"))
        until(lambda: waits(made))
        assert made.store.get(first.id) == first.document
        assert made.store.count() == made.acknowledged
    until(lambda: not made.outcomes.empty())  # the disk is back: who waited is answered
    made.store.close()
    assert Path(directory / "pending-00000001.log").exists()


def test_who_could_not_drain_answers_again_when_another_worker_has(directory: Path) -> None:
    directory.mkdir()
    made = Opened(directory, table.find("write-behind"))
    drainer = made.store._writer._drainer  # type: ignore[attr-defined]
    drainer.failure = Full("as after a drain that found the disk full")
    assert isinstance(made.create("ana"), Full | Created)
    until(lambda: isinstance(made.create("bia"), Created))  # though nothing was left to drain
    made.store.close()


def waits(made: Opened) -> bool:
    """Whether one more is not answered for longer than the disk would ever take."""
    made.store.create(record(f"p{made.acknowledged}"), f"p{made.acknowledged}")
    try:
        made.outcomes.get(timeout=0.5)
    except Empty:
        return True
    made.acknowledged += 1
    return False


@pytest.mark.parametrize("following", [row.name for row in table.TABLE])
def test_whatever_strategy_comes_next_moves_in_who_was_left(directory: Path, following: str) -> None:
    directory.mkdir()
    made = Opened(directory, table.find("write-behind"), window=60)
    people = [created(made.create(f"p{number}")) for number in range(20)]
    # Killed: nothing is moved, nothing is closed in order.
    made.store._writer._drainer._stop.set()  # type: ignore[attr-defined]
    made.store._signer.close()
    made.store._environment.close()
    open_recovered(directory).store.close()
    again = Opened(directory, table.find(following))
    assert [again.store.get(person.id) for person in people] == [person.document for person in people]
    assert again.store.count() == 20
    again.store.close()
