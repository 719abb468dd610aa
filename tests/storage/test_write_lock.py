"""The lock from begin to commit: nobody beside its holder, and nothing left behind by one who failed.

What a power cut finds after a failed commit is tests/proof/test_failed_meta.py's.
"""

import errno
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from storage.errors import Broken, Full
from storage.write_lock import WriteLock
from tests.serving import until

PAGE = 4096


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[WriteLock]:
    (tmp_path / "data.mdb").write_bytes(bytes(3 * PAGE))
    made = opened(tmp_path)
    yield made
    made.close()


def opened(tmp_path: Path) -> WriteLock:
    return WriteLock(tmp_path, tmp_path / "data.mdb", PAGE, lambda: None)


@pytest.mark.parametrize("own", [True, False])
def test_there_is_one_holder_over_threads_and_opens(lock: WriteLock, tmp_path: Path, own: bool) -> None:
    other = lock if own else opened(tmp_path)
    entered: list[str] = []

    def enter() -> None:
        with other.held():
            entered.append("second")

    with lock.held():
        second = Thread(target=enter)
        second.start()
        second.join(0.2)
        entered.append("first")
    second.join()
    assert entered == ["first", "second"]
    if not own:
        other.close()


def settles(lock: WriteLock, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the next holder sees to the disk first."""
    flushed: list[int] = []
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", flushed.append)
        with lock.held():
            return bool(flushed)


def test_a_new_lock_and_a_failed_commit_settle_once(lock: WriteLock, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settles(lock, monkeypatch)
    assert not settles(lock, monkeypatch)
    with pytest.raises(RuntimeError), lock.held(), lock.committing():
        raise RuntimeError("a meta page could not be written")
    assert settles(lock, monkeypatch)
    with lock.held(), lock.committing():
        pass
    assert not settles(lock, monkeypatch)


def test_a_holder_killed_in_its_commit_gives_the_lock_back_unsettled(
    lock: WriteLock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settles(lock, monkeypatch)
    committing = tmp_path / "committing"
    victim = os.fork()
    if victim == 0:
        with opened(tmp_path).held() as _, lock.committing():
            committing.touch()
            signal.pause()
    until(committing.exists)
    os.kill(victim, signal.SIGKILL)
    os.waitpid(victim, 0)
    assert settles(lock, monkeypatch)


def fail(_: int) -> None:
    raise OSError(errno.ENOSPC, "planted")


def test_whoever_can_t_flush_the_traces_writes_no_more_and_another_settles(
    lock: WriteLock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = opened(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", fail)
        with pytest.raises(Broken), lock.held():
            raise AssertionError("nobody may write")
    assert lock.broken is not None
    with pytest.raises(Broken), lock.held():
        raise AssertionError("nobody here may write any more")
    assert settles(other, monkeypatch)
    other.close()


def test_a_full_disk_that_keeps_the_traces_from_being_written_may_be_tried_again(
    lock: WriteLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", lambda *_: fail(0))
        with pytest.raises(Full), lock.held():
            raise AssertionError("nobody may write")
    assert settles(lock, monkeypatch)


def test_who_gives_up_says_so_once_and_holds_nobody_else_up(tmp_path: Path, lock: WriteLock) -> None:
    told: list[str] = []
    giving = WriteLock(tmp_path, tmp_path / "data.mdb", PAGE, lambda: told.append("broken"))
    first = giving.give_up(KeyError("anything"))
    assert giving.give_up(OSError("later")) is first
    assert told == ["broken"]
    with pytest.raises(Broken), giving.held():
        raise AssertionError("nobody here may write any more")
    with lock.held():
        pass
    giving.close()


def test_a_lost_write_is_heard_of_by_who_was_there(lock: WriteLock, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lock.lost_nothing()
    monkeypatch.setattr(os, "fdatasync", fail)
    assert not lock.lost_nothing()
