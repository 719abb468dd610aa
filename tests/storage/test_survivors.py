"""Write-behind when a worker is killed, or stopped, between any two steps and the others go on."""

import os
import signal
from pathlib import Path

import pytest

from storage import layout, pending_log
from storage.people import Created, Taken
from storage.strategies import table
from tests.serving import until
from tests.storage.another import STEPS, Another
from tests.storage.samples import record
from tests.storage.test_store import Opened

# A group or two.
SMALL = 300
WRITE_BEHIND = table.find("write-behind")


@pytest.fixture
def place(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(pending_log, "FILE_LIMIT", SMALL)
    directory.mkdir()
    layout.create(directory)
    return directory


def assert_all_there_once(made: Opened, acknowledged: dict[str, str], unanswered: str | None) -> None:
    """Everybody acknowledged, under the id that was said; beyond them at most who got no answer."""
    for nickname, key in acknowledged.items():
        assert made.store.get(bytes.fromhex(key)) is not None, nickname
    people = len(made.store.search(b"p", 1000))
    assert people == made.store.count()
    assert people - len(acknowledged) in ((0, 1) if unanswered else (0,))


@pytest.mark.parametrize("step", STEPS)
def test_whoever_lives_goes_on_from_where_another_was_killed(place: Path, step: str) -> None:
    acknowledged: dict[str, str] = {}
    unanswered = None
    made = Opened(place, WRITE_BEHIND, window=1.0)  # its drainer comes later than the other's
    with Another(place, "write-behind", window=0.04, file_limit=SMALL, step=step) as victim:
        for number in range(6):
            acknowledged[f"p{number}"] = victim.create(f"p{number}")[1]
        victim.do("arm")
        for number in range(6, 1000):
            unanswered = f"p{number}"
            try:
                what, key = victim.create(unanswered)
            except EOFError:
                break
            assert what == "created"
            acknowledged[unanswered] = key
        assert victim.process.wait(20) == -signal.SIGKILL
    for number in range(20):
        outcome = made.create(f"p later {number}")
        assert isinstance(outcome, Created), outcome
        acknowledged[f"p later {number}"] = outcome.id.hex()
    for nickname, key in acknowledged.items():
        made.store.create(record(nickname), nickname)
        assert made.outcomes.get(timeout=20)[1] == Taken(bytes.fromhex(key))
    assert_all_there_once(made, acknowledged, unanswered)
    with Another(place, "write-behind", file_limit=SMALL) as newcomer:
        assert newcomer.do("count") == made.store.count()
        assert all(newcomer.do("get", key) for key in acknowledged.values())
        assert newcomer.create("p3") == ("taken", acknowledged["p3"])
        # All are durable before long, and the files gone.
        until(lambda: len(list(place.glob(pending_log.PATTERN))) == 1)
    made.store.close()
    again = Opened(place, table.DEFAULT)
    assert_all_there_once(again, acknowledged, unanswered)
    again.store.close()


def test_who_was_stopped_while_the_log_went_through_many_files_goes_on_with_the_others(place: Path) -> None:
    acknowledged: dict[str, str] = {}
    made = Opened(place, WRITE_BEHIND, window=0.04)
    with Another(place, "write-behind", file_limit=SMALL) as sleeper:
        acknowledged["p"] = sleeper.create("p")[1]
        os.kill(sleeper.process.pid, signal.SIGSTOP)
        for number in range(100):
            outcome = made.create(f"p{number}")
            assert isinstance(outcome, Created), outcome
            acknowledged[f"p{number}"] = outcome.id.hex()
        until(lambda: len(list(place.glob(pending_log.PATTERN))) == 1)
        os.kill(sleeper.process.pid, signal.SIGCONT)
        assert sleeper.do("count") == len(acknowledged)
        assert sleeper.create("p7") == ("taken", acknowledged["p7"])
        for number in range(20):
            what, acknowledged[f"p by the sleeper {number}"] = sleeper.create(f"p by the sleeper {number}")
            assert what == "created"
            assert_all_there_once(made, acknowledged, None)
    made.store.close()


def test_whoever_stops_with_the_append_lock_holds_creations_up_until_killed(place: Path) -> None:
    made = Opened(place, WRITE_BEHIND)
    ana = made.create("ana")
    assert isinstance(ana, Created)
    with Another(place, "write-behind", file_limit=SMALL, step="a frame is written") as victim:
        # As SIGSTOP in the midst of an append; `appending` of another open is as good as one of a process.
        holder = pending_log.PendingLog(place)
        with holder.appending():
            victim.start("create", "bia")
            made.store.create(record("caio"), "caio")
            assert made.store.get(ana.id) == ana.document  # reads go on
            assert made.store.count() == 1
            assert made.outcomes.empty()
        holder.close()
        assert [what for what, _ in victim.finish()] == ["created"]
    assert isinstance(made.outcomes.get(timeout=20)[1], Created)
    made.store.close()
