"""What every write strategy must do, through the store that uses it."""

import errno
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Event

import lmdb
import pytest

from index import text
from storage import environment, people
from storage.committer import Committer, Outcome
from storage.errors import Busy, Full, StoreError, Unavailable
from storage.people import Created, Taken
from storage.records import Record
from storage.store import Store
from storage.strategies import table
from storage.strategies.table import Strategy
from tests.conftest import check_integrity
from tests.serving import until


def record(nickname: str, padding: int = 0) -> Record:
    return Record(
        nickname.encode(),
        b'{"id":"',
        b'","n":"%b"}' % nickname.encode(),
        text.searchable([nickname, "x" * padding]),
    )


class Opened:
    """A store whose outcomes can be waited for, in the order of delivery."""

    def __init__(self, directory: Path, strategy: Strategy, **options: int) -> None:
        self.outcomes: Queue[tuple[str, Outcome]] = Queue()
        self.broken = Event()
        environment.create(directory)
        self.store: Store[str] = Store(directory, strategy, self._deliver, broken=self.broken.set, **options)

    def _deliver(self, outcomes: object) -> None:
        for outcome in outcomes:  # type: ignore[attr-defined]
            self.outcomes.put(outcome)

    def create(self, nickname: str, padding: int = 0) -> Outcome:
        self.store.create(record(nickname, padding), nickname)
        token, outcome = self.outcomes.get(timeout=20)
        assert token == nickname
        return outcome


@pytest.fixture(params=table.TABLE, ids=lambda strategy: strategy.name)
def strategy(request: pytest.FixtureRequest) -> Strategy:
    found: Strategy = request.param
    return found


@pytest.fixture
def place(directory: Path) -> Path:
    directory.mkdir()
    return directory


@pytest.fixture
def opened(place: Path, strategy: Strategy) -> Iterator[Opened]:
    made = Opened(place, strategy)
    yield made
    made.store.close()


def created(outcome: Outcome) -> Created:
    assert isinstance(outcome, Created), outcome
    return outcome


def test_a_person_is_read_found_and_counted_at_once(opened: Opened) -> None:
    ana = created(opened.create("Ana"))
    assert opened.store.get(ana.id) == ana.document
    assert opened.store.search(text.needle("AN"), 50) == [ana.document]
    assert opened.store.count() == 1


def test_nobody_is_there_before(opened: Opened) -> None:
    assert opened.store.get(bytes(16)) is None
    assert opened.store.search(b"a", 50) == []
    assert opened.store.count() == 0


def test_a_nickname_is_given_once(opened: Opened) -> None:
    ana = created(opened.create("ana"))
    assert opened.create("ana") == Taken(ana.id)
    assert isinstance(opened.create("Ana"), Created)
    assert opened.store.count() == 2


def test_ids_rise_and_results_come_in_the_order_of_creation(opened: Opened) -> None:
    for number in range(200):
        opened.store.create(record(f"p{number}"), f"p{number}")
    ids = [created(opened.outcomes.get(timeout=20)[1]).id for _ in range(200)]
    assert ids == sorted(set(ids))
    found = opened.store.search(b"p1", 50)
    assert found == [opened.store.get(key) for n, key in enumerate(ids) if f"p{n}".startswith("p1")][:50]


def test_what_was_created_is_there_after_opening_again(place: Path, strategy: Strategy) -> None:
    first = Opened(place, strategy)
    ana = created(first.create("ana"))
    first.store.close()
    second = Opened(place, strategy)
    assert second.store.get(ana.id) == ana.document
    bia = created(second.create("bia"))
    assert bia.id > ana.id
    second.store.close()


def test_closing_finishes_what_was_taken(place: Path, strategy: Strategy) -> None:
    made = Opened(place, strategy)
    for number in range(300):
        made.store.create(record(f"p{number}"), "")
    made.store.close()
    assert all(isinstance(made.outcomes.get_nowait()[1], Created) for _ in range(300))


def test_a_queue_over_its_limit_refuses(place: Path, strategy: Strategy) -> None:
    made = Opened(place, strategy, queue_limit=5)
    with made.store._environment.lmdb.begin(write=True):  # holds the write lock, as another worker might
        made.store.create(record("first"), "")
        until(made.store._writer._queue.empty)  # type: ignore[attr-defined]  # it is with the commit thread
        for number in range(5):
            made.store.create(record(f"p{number}"), "")
        with pytest.raises(Busy):
            made.store.create(record("one too many"), "")
    made.store.close()
    assert made.outcomes.qsize() == 6


def test_a_full_map_refuses_and_reads_go_on(place: Path, strategy: Strategy) -> None:
    made = Opened(place, strategy, map_size=1 << 20)
    last = None
    outcomes = []
    for number in range(2000):
        outcome = made.create(f"p{number}", padding=2000)
        outcomes.append(outcome)
        if isinstance(outcome, Created):
            last = outcome
    assert isinstance(outcomes[-1], Full)
    assert last is not None
    assert made.store.get(last.id) == last.document
    assert made.store.count() == sum(isinstance(outcome, Created) for outcome in outcomes)
    assert not made.broken.is_set()
    made.store.close()


def test_in_a_group_the_one_at_fault_fails_alone(place: Path, strategy: Strategy) -> None:
    made = Opened(place, strategy)
    with made.store._environment.lmdb.begin(write=True):
        made.store.create(record("before"), "before")
        made.store.create(record("n" * 512), "too long for a key of LMDB")
        made.store.create(record("after"), "after")
    outcomes = dict(made.outcomes.get(timeout=20) for _ in range(3))
    assert isinstance(outcomes["before"], Created)
    assert isinstance(outcomes["after"], Created)
    assert isinstance(outcomes["too long for a key of LMDB"], StoreError)
    assert not made.broken.is_set()
    made.store.close()


def test_after_an_io_error_nothing_is_written_any_more(
    place: Path, strategy: Strategy, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Opened(place, strategy)
    created(made.create("ana"))

    def fail(*arguments: object) -> None:
        error = lmdb.Error("Input/output error")
        error.code = errno.EIO  # type: ignore[misc]
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(people, "apply", fail)
        assert isinstance(made.create("bia"), Unavailable)
    assert made.broken.is_set()
    with pytest.raises(Unavailable):
        made.store.create(record("caio"), "caio")
    assert made.store.count() == 1
    made.store.close()


def test_groups_are_as_large_as_the_strategy_says(place: Path, strategy: Strategy) -> None:
    made = Opened(place, strategy)
    with made.store._environment.lmdb.begin(write=True):
        for number in range(100):
            made.store.create(record(f"p{number}"), "")
    made.store.close()
    with lmdb.open(str(place), max_dbs=4) as plain:
        transactions = plain.info()["last_txnid"]
    # One made the store's databases.
    assert transactions == 1 + {"per-request": 100, "group-commit": 1}[strategy.name]


def test_the_table_names_each_strategy_once() -> None:
    names = [row.name for row in table.TABLE]
    assert len(set(names)) == len(names)
    assert table.DEFAULT.name == "group-commit"
    assert all(table.find(name).name == name for name in names)


def test_a_store_whose_checks_fail_is_noticed(place: Path) -> None:
    made = Opened(place, table.DEFAULT)
    ana = created(made.create("ana"))
    made.store.close()
    opened = environment.open_environment(place, 1 << 30)
    with opened.lmdb.begin(write=True) as transaction:
        transaction.delete(ana.id, db=opened.people)
    opened.lmdb.close()
    with pytest.raises(AssertionError):
        check_integrity(place)
    (place / "data.mdb").unlink()  # not for the fixture to complain about once more


def test_the_commit_thread_ends_with_the_store(place: Path) -> None:
    made = Opened(place, table.DEFAULT)
    writer = made.store._writer
    assert isinstance(writer, Committer)
    made.store.close()
    assert not writer._thread.is_alive()
