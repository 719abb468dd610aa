"""What every write strategy must do, through the store that uses it."""

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from typing import Any

import lmdb
import pytest
from lmdb import Transaction

from index import text
from storage import environment, layout, pending_format, people
from storage.committer import Committer
from storage.errors import Broken, Busy, Full, StoreError, Unavailable, Unknown
from storage.pending_log import PendingLog
from storage.people import Created, Taken
from storage.recovery import recover
from storage.store import Store
from storage.strategies import memory_queue, table
from storage.strategies.shape import Outcome
from storage.strategies.table import Strategy
from tests.serving import until
from tests.storage.samples import record

DURABLE = [row for row in table.TABLE if row.name in ("group-commit", "per-request")]


class Opened:
    """A store whose outcomes can be waited for, in the order of delivery."""

    def __init__(self, directory: Path, strategy: Strategy, **options: Any) -> None:
        self.directory = directory
        self.strategy = strategy
        self.acknowledged = 0
        self.outcomes: Queue[tuple[str, Outcome]] = Queue()
        self.broken = Event()
        layout.create(directory)
        self.store: Store[str] = Store(directory, strategy, self._deliver, broken=self.broken.set, **options)

    def _deliver(self, outcomes: object) -> None:
        for outcome in outcomes:  # type: ignore[attr-defined]
            self.outcomes.put(outcome)

    def create(self, nickname: str, padding: int = 0) -> Outcome:
        self.store.create(record(nickname, padding), nickname)
        token, outcome = self.outcomes.get(timeout=20)
        assert token == nickname
        self.acknowledged += isinstance(outcome, Created)
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


def test_a_search_goes_on_after_anybody_who_can_be_seen(opened: Opened) -> None:
    made = [created(opened.create(f"ana{number}")) for number in range(30)]
    for position, person in enumerate(made):
        following = [one.document for one in made[position + 1 :]]
        assert opened.store.search(b"ana", 50, after=person.id) == following
        assert opened.store.search(b"ana", 3, after=person.id) == following[:3]
        assert opened.store.search(b"bia", 50, after=person.id) == []
        own = opened.store.search(b"ana%d" % position, 1)
        assert opened.store.search(b"ana%d" % position, 50, after=person.id) != own
    with pytest.raises(Unknown):
        opened.store.search(b"ana", 50, after=bytes(16))


def test_pages_go_on_while_people_become_durable(opened: Opened) -> None:
    made = [created(opened.create(f"ana{number}")) for number in range(20)]
    last = created(opened.create("last"))
    until(lambda: holds(opened, last.id))
    made += [created(opened.create(f"ana{number}")) for number in range(20, 40)]
    pages: list[bytes] = []
    after = None
    while page := opened.store.search(b"ana", 7, after=after):
        pages += page
        after = next(person.id for person in made if person.document == page[-1])
    assert pages == [person.document for person in made]


def holds(made: Opened, key: bytes) -> bool:
    """Whether a person is in the durable store."""
    environment = made.store._environment
    with environment.lmdb.begin() as snapshot:
        return people.get(environment, snapshot, key) is not None


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


@contextmanager
def held_up(made: Opened) -> Iterator[None]:
    """Keeps the writer from getting on, as another worker might."""
    if made.strategy.name == "write-behind":
        other = PendingLog(made.directory)
        with other.appending():
            yield
        other.close()
    else:
        with made.store._environment.lmdb.begin(write=True):
            yield


def test_closing_without_finishing_refuses_whose_turn_has_not_come(place: Path, strategy: Strategy) -> None:
    made = Opened(place, strategy)
    closing = Thread(target=made.store.close, kwargs={"finish": False})
    with held_up(made):
        made.store.create(record("first"), "first")
        if strategy.name != "memory-queue":
            until(made.store._writer._queue.empty)  # type: ignore[attr-defined]  # it is with the thread
        for number in range(20):
            made.store.create(record(f"p{number}"), "")
        closing.start()
        until(lambda: takes_no_more(made))
    closing.join()
    outcomes = [made.outcomes.get_nowait()[1] for _ in range(21)]
    assert isinstance(outcomes[0], Created)
    answered_at_once = strategy.name == "memory-queue"
    assert {type(outcome) for outcome in outcomes[1:]} == {Created if answered_at_once else Unavailable}
    again = Opened(place, strategy)
    assert again.store.count() == (21 if answered_at_once else 1)
    again.store.close()


def takes_no_more(made: Opened) -> bool:
    """Whether it refuses even to queue; asks with a nickname that is taken anyway."""
    try:
        made.store.create(record("first"), "")
    except Unavailable:
        return True
    return False


def test_a_queue_over_its_limit_refuses(place: Path, strategy: Strategy) -> None:
    made = Opened(place, strategy, queue_limit=5)
    answered_at_once = strategy.name == "memory-queue"
    with held_up(made):
        if not answered_at_once:
            made.store.create(record("first"), "")
            until(made.store._writer._queue.empty)  # type: ignore[attr-defined]  # it is with the thread
        for number in range(5):
            made.store.create(record(f"p{number}"), "")
        with pytest.raises(Busy):
            made.store.create(record("one too many"), "")
    made.store.close()
    assert made.outcomes.qsize() == (5 if answered_at_once else 6)


def test_a_full_map_refuses_and_reads_go_on(
    place: Path, strategy: Strategy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_queue, "FLUSH_SECONDS", 0.02)
    made = Opened(place, strategy, map_size=1 << 20, window=0.02)
    created_ones: list[Created] = []

    def refused() -> bool:
        try:
            outcome = made.create(f"p{len(created_ones)}", padding=2000)
        except Full:
            return True
        if isinstance(outcome, Created):
            created_ones.append(outcome)
        return isinstance(outcome, Full)

    until(refused, pause=0)
    assert made.store.count() == len(created_ones)
    for one in (created_ones[0], created_ones[-1]):
        assert made.store.get(one.id) == one.document
    assert not made.broken.is_set()
    made.store.close()
    again = open_recovered(place)
    kept = again.store.count()
    again.store.close()
    # What is not promised: who was answered from memory and found no room any more.
    assert (kept < len(created_ones)) is (strategy.name == "memory-queue")


def test_a_table_that_does_not_fit_refuses_nobody(place: Path, strategy: Strategy) -> None:
    def put(transaction: "Transaction[bytes]") -> None:
        transaction.put(b"a table's part", bytes(2 << 20), db=made.store._environment.signatures)

    made = Opened(place, strategy, map_size=1 << 20, window=0.02)
    with pytest.raises(Full):
        made.store._writer.transact(put)
    assert made.store.trouble() is None
    assert isinstance(made.create("ana"), Created)
    made.store.close()


def open_recovered(place: Path) -> Opened:
    """Opens a store as a start does: with who waits in the log moved into it."""
    opened = environment.open_environment(place, 1 << 30)
    recover(place, opened)
    opened.close()
    return Opened(place, table.DEFAULT)


def test_in_a_group_the_one_at_fault_fails_alone(
    place: Path, strategy: Strategy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_queue, "FLUSH_SECONDS", 0.02)
    monkeypatch.setattr(pending_format, "_FRAME_LIMIT", 2000)
    made = Opened(place, strategy)
    # Past the store's own check: a key that LMDB refuses, a record that the log refuses.
    nickname, padding = ("fault", 2000) if strategy.reads_log else ("n" * 512, 0)
    with held_up(made):
        for name, more in (("before", 0), (nickname, padding), ("after", 0)):
            made.store._writer.submit(record(name, more), name)
    outcomes = dict(made.outcomes.get(timeout=20) for _ in range(3))
    assert isinstance(outcomes["before"], Created)
    assert isinstance(outcomes["after"], Created)
    if strategy.name == "memory-queue":
        # What is not promised: answered before anybody looked, all three are lost.
        assert isinstance(outcomes[nickname], Created)
        assert made.broken.wait(20)
        made.store.close()
        assert made.store._writer.lost == 3  # type: ignore[attr-defined]
    else:
        assert isinstance(outcomes[nickname], StoreError)
        assert not made.broken.is_set()
        made.store.close()


@pytest.mark.parametrize("nickname", ["", "n" * 512])
def test_a_nickname_that_no_key_can_be_is_refused(opened: Opened, nickname: str) -> None:
    with pytest.raises(ValueError, match="can't be a key"):
        opened.store.create(record(nickname), "")


def test_after_an_io_error_nothing_is_written_any_more(
    place: Path, strategy: Strategy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_queue, "FLUSH_SECONDS", 0.02)
    made = Opened(place, strategy, window=0.5)  # answers come well before the drainer looks
    ana = created(made.create("ana"))

    def fail(*arguments: object) -> None:
        error = lmdb.Error("Input/output error")
        error.code = errno.EIO  # type: ignore[misc]
        raise error

    for name in ("apply", "settle"):
        monkeypatch.setattr(people, name, fail)
    meta = made.store._environment.meta
    outcome = made.create("bia")
    assert made.broken.wait(20)
    # Who was answered before the disk failed is on it, in the log or, unpromised, nowhere any more.
    assert isinstance(outcome, Unavailable if strategy in DURABLE else Created)
    until(lambda: refuses_all(made))
    monkeypatch.undo()
    # Nor does anybody else in this process, however well the disk is by now.
    with pytest.raises(Broken):
        made.store._writer.transact(lambda transaction: transaction.put(b"job", b"done", db=meta))
    before = made.store._environment.lmdb.info()["last_txnid"]
    made.store.close()
    with lmdb.open(str(place), max_dbs=8, readonly=True, lock=False) as plain:
        assert plain.info()["last_txnid"] == before
    again = open_recovered(place)
    kept = again.store.count()
    if strategy.name == "memory-queue":
        assert kept < made.acknowledged
    else:
        assert again.store.get(ana.id) == ana.document
        assert kept == made.acknowledged
    again.store.close()


def refuses_all(made: Opened) -> bool:
    try:
        return isinstance(made.create(f"caio{time.monotonic_ns()}"), Unavailable)
    except Unavailable:
        return True


@pytest.mark.parametrize(
    ("name", "transactions"),
    [("per-request", 100), ("group-commit", 1), ("write-behind", 1), ("memory-queue", 1)],
)
def test_how_many_share_a_transaction(place: Path, name: str, transactions: int) -> None:
    made = Opened(place, table.find(name), window=60)
    with held_up(made):
        for number in range(100):
            made.store.create(record(f"p{number}"), "")
    made.store.close()
    with lmdb.open(str(place), max_dbs=4) as plain:
        # One made the store's databases.
        assert plain.info()["last_txnid"] == 1 + transactions


def test_the_table_names_each_strategy_once() -> None:
    names = [row.name for row in table.TABLE]
    assert len(set(names)) == len(names)
    assert table.DEFAULT.name == "group-commit"
    assert all(table.find(name).name == name for name in names)


def test_the_commit_thread_ends_with_the_store(place: Path) -> None:
    made = Opened(place, table.DEFAULT)
    writer = made.store._writer
    assert isinstance(writer, Committer)
    made.store.close()
    assert not writer._thread.is_alive()
