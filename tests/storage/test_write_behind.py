"""What write-behind promises beyond what every strategy does."""

import errno
from pathlib import Path
from queue import Empty
from threading import Lock

import pytest

import storage.drainer
from storage import people
from storage.drainer import is_younger
from storage.errors import Broken, Full, Unavailable, Unusable
from storage.pending_log import PendingLog
from storage.people import Created, Taken
from storage.records import clock_now, give_id
from storage.strategies import table, write_behind
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
    drainer.full = Full("as after a drain that found the disk full")
    assert isinstance(made.create("ana"), Full | Created)
    until(lambda: isinstance(made.create("bia"), Created))  # though nothing was left to drain
    made.store.close()


WINDOW = 60_000_000_000
"""The window of the next tests, in ns: nothing is moved by itself meanwhile."""


@pytest.mark.parametrize(
    ("moment", "now", "younger"),
    [(None, 5, True), (10, 10, True), (10, 109, True), (10, 110, False), (10, 10_000, False)],
)
def test_younger_is_what_has_not_reached_an_age(moment: int | None, now: int, younger: bool) -> None:
    assert is_younger(moment, now, 100) is younger


def test_nobody_more_is_taken_after_half_the_window_nor_answered_after_all_of_it(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.mkdir()
    made = Opened(directory, table.find("write-behind"), window=60)
    drainer = made.store._writer._drainer  # type: ignore[attr-defined]
    for module in (write_behind, storage.drainer):
        monkeypatch.setattr(module, "monotonic_ns", lambda: 1000)
    created(made.create("ana"))
    for age, takes, answers in (
        (0, True, True),
        (WINDOW // 2 - 1, True, True),
        (WINDOW // 2, False, True),
        (WINDOW - 1, False, True),
        (WINDOW, False, False),
    ):
        monkeypatch.setattr(storage.drainer, "monotonic_ns", lambda age=age: 1000 + age)
        assert (drainer.has_room(), drainer.is_within_window()) == (takes, answers)
    assert drainer._drain()
    assert (drainer.has_room(), drainer.is_within_window()) == (True, True)
    made.store.close()


def test_whoever_was_appended_too_late_is_answered_when_all_are_durable(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when an append takes for ever: the oldest got too old meanwhile."""
    directory.mkdir()
    made = Opened(directory, table.find("write-behind"), window=60)
    drainer = made.store._writer._drainer  # type: ignore[attr-defined]
    created(made.create("ana"))
    monkeypatch.setattr(drainer, "_window", 1)
    monkeypatch.setattr(drainer, "has_room", lambda: True)
    made.store.create(record("bia"), "bia")
    until(lambda: made.store.count() == 2)  # in the log
    assert made.outcomes.empty()
    assert drainer._drain()
    assert isinstance(made.outcomes.get(timeout=20)[1], Created)
    made.store.close()


def test_whoever_was_appended_and_can_not_become_durable_is_not_refused_as_if_never_stored(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.mkdir()
    made = Opened(directory, table.find("write-behind"), window=60)
    drainer = made.store._writer._drainer  # type: ignore[attr-defined]
    monkeypatch.setattr(drainer, "_window", 1)
    monkeypatch.setattr(drainer, "has_room", lambda: True)
    made.store.create(record("ana"), "ana")
    until(lambda: made.store.count() == 1)
    drainer.full = Full("the disk is full")
    assert isinstance(made.outcomes.get(timeout=20)[1], Unavailable)
    drainer.full = None
    made.store.close()


def test_a_file_of_the_log_that_can_t_be_removed_is_no_reason_to_stop(
    directory: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    directory.mkdir()
    made = Opened(directory, table.find("write-behind"), window=60)
    drainer = made.store._writer._drainer  # type: ignore[attr-defined]

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "planted")

    monkeypatch.setattr(PendingLog, "discard", fail)
    for name in ("ana", "bia"):
        created(made.create(name))
        assert drainer._drain()
    assert caplog.text.count("can't be removed") == 1
    assert made.store._environment.broken is None
    made.store.close()


def test_a_disk_that_is_full_when_the_log_is_read_is_full_and_no_more(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.mkdir()
    made = Opened(directory, table.find("write-behind"), window=60)
    drainer = made.store._writer._drainer  # type: ignore[attr-defined]

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "planted")

    with monkeypatch.context() as patched:
        patched.setattr(PendingLog, "recent", fail)
        assert not drainer._drain()
    assert isinstance(drainer.full, Full)
    assert drainer._drain()
    assert drainer.full is None
    created(made.create("ana"))
    made.store.close()


def drained_meanwhile(made: Opened, monkeypatch: pytest.MonkeyPatch, look: str) -> None:
    """From now on people are moved, and forgotten, right before anybody looks into the log in this way.

    Whoever looks into the store first, and then into the log, finds them nowhere.
    """
    drainer = made.store._writer._drainer  # type: ignore[attr-defined]
    is_draining = Lock()
    real = getattr(PendingLog, look)

    def looked(log: PendingLog, *arguments: bytes) -> object:
        if is_draining.acquire(blocking=False):
            try:
                drainer._drain()
            finally:
                is_draining.release()
        return real(log, *arguments)

    monkeypatch.setattr(PendingLog, look, looked)


@pytest.mark.parametrize(
    ("what", "look"), [("count", "recent"), ("search", "recent"), ("get", "get"), ("create", "holder")]
)
def test_whoever_becomes_durable_while_somebody_looks_is_seen(
    directory: Path, monkeypatch: pytest.MonkeyPatch, what: str, look: str
) -> None:
    directory.mkdir()
    made = Opened(directory, table.find("write-behind"), window=60)
    ana = created(made.create("ana"))
    drained_meanwhile(made, monkeypatch, look)
    match what:
        case "count":
            assert made.store.count() == 1
        case "search":
            assert made.store.search(b"ana", 50) == [ana.document]
        case "get":
            assert made.store.get(ana.id) == ana.document
        case "create":
            assert made.create("ana") == Taken(ana.id)
    monkeypatch.undo()
    made.store.close()


def test_a_failure_of_any_kind_ends_draining_and_answers(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.mkdir()
    made = Opened(directory, table.find("write-behind"), window=0.05)

    def fail(*arguments: object) -> None:
        raise KeyError("nobody foresaw this")

    monkeypatch.setattr(people, "settle", fail)
    created(made.create("ana"))
    assert made.broken.wait(20)
    with pytest.raises(Broken):
        made.store.create(record("bia"), "bia")
    made.store.close()
    monkeypatch.undo()
    again = open_recovered(directory)
    assert again.store.count() == 1
    again.store.close()


def test_whose_nickname_somebody_else_has_by_then_is_dropped_and_logged_and_answers_go_on(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory.mkdir()
    made = Opened(directory, table.find("write-behind"), window=0.2)
    environment = made.store._environment
    theirs = give_id(record("bia"), clock_now(), 0)
    with made.store._writer._pending.draining():  # type: ignore[attr-defined]  # nobody moves meanwhile
        for nickname in ("ana", "bia", "caio"):
            created(made.create(nickname))
        with environment.writing() as transaction:  # as another strategy might, if it could
            people.settle(environment, transaction, [theirs], 0)
    for number in range(10):
        created(made.create(f"p{number}"))
    until(lambda: made.store.get(theirs.id) is not None and made.store.count() == 13)
    made.store.close()
    assert "1 answered people dropped" in caplog.text


@pytest.mark.parametrize(
    "following", [row for row in table.TABLE if not row.reads_log], ids=lambda row: row.name
)
def test_a_strategy_that_does_not_read_the_log_refuses_to_open_while_people_wait_there(
    directory: Path, following: table.Strategy
) -> None:
    directory.mkdir()
    made = Opened(directory, table.find("write-behind"), window=60)
    people = [created(made.create(f"p{number}")) for number in range(20)]
    kill(made)
    with pytest.raises(Unusable, match=r"people wait .* \(20\)"):
        Opened(directory, following)
    again = open_recovered(directory)
    assert [again.store.get(person.id) for person in people] == [person.document for person in people]
    again.store.close()


def kill(made: Opened) -> None:
    """Nothing is moved, nothing is closed in order."""
    made.store._writer._drainer._stop.set()  # type: ignore[attr-defined]
    made.store._signer.close()
    made.store._environment.close()


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
    kill(made)
    open_recovered(directory).store.close()
    again = Opened(directory, table.find(following))
    assert [again.store.get(person.id) for person in people] == [person.document for person in people]
    assert again.store.count() == 20
    again.store.close()
