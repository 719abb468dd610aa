"""The log as several processes see it: here several holds of it, whose locks shut each other out as well."""

import errno
import os
from pathlib import Path
from threading import Thread

import pytest

from storage import pending_format, pending_log
from storage.errors import TooLarge
from storage.pending_format import Group
from storage.pending_log import PendingLog
from storage.records import Person


def group(sequence: int, count: int = 1) -> Group:
    people = [
        Person(number.to_bytes(16, "big"), b"p%d" % number, b"doc %d" % number, b"text%d\xfe" % number)
        for number in range(sequence, sequence + count)
    ]
    return Group(sequence, sequence, sequence, people)


def append(log: PendingLog, *groups: Group) -> None:
    with log.appending():
        for each in groups:
            log.append(each)


def numbers(log: PendingLog) -> list[int]:
    return [held.sequence for held in log.recent()]


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.glob(pending_log.PATTERN))


def test_what_one_appends_the_other_sees(tmp_path: Path) -> None:
    one, other = PendingLog(tmp_path), PendingLog(tmp_path)
    append(one, group(1, count=3))
    append(other, group(4))
    append(one, group(5))
    for log in (one, other, PendingLog(tmp_path)):
        assert numbers(log) == [1, 4, 5]
        assert log.get((2).to_bytes(16, "big")) == b"doc 2"
        assert log.holder(b"p4") == (4).to_bytes(16, "big")
        assert log.last() == (5, 5)


def test_who_is_forgotten_is_gone_from_memory_alone(tmp_path: Path) -> None:
    log = PendingLog(tmp_path)
    append(log, group(1, count=2), group(3))
    log.forget(1)  # the first group is not durable as a whole
    assert numbers(log) == [1, 3]
    log.forget(2)
    assert numbers(log) == [3]
    assert log.holder(b"p1") is None
    assert log.last() == (3, 3)
    assert numbers(PendingLog(tmp_path)) == [1, 3]


@pytest.mark.parametrize("length", [1, 7, 8, 30, 5000])
def test_a_frame_cut_by_a_kill_is_cut_off(tmp_path: Path, length: int) -> None:
    one, other = PendingLog(tmp_path), PendingLog(tmp_path)
    append(one, group(1))
    path = tmp_path / files(tmp_path)[0]
    # The longest is far longer than what will be written over it.
    path.write_bytes(path.read_bytes() + pending_format.pack(group(2, count=200))[:length])
    assert numbers(other) == [1]
    append(other, group(2))
    assert numbers(one) == numbers(PendingLog(tmp_path)) == [1, 2]
    assert path.read_bytes() == pending_format.pack(group(1)) + pending_format.pack(group(2))


@pytest.mark.parametrize("damage", ["a hole", "an end that is gone"])
def test_nobody_appends_to_a_log_that_the_disk_has_damaged(tmp_path: Path, damage: str) -> None:
    """People who were answered may be behind the damage, or be read by others only."""
    one = PendingLog(tmp_path)
    append(one, group(1), group(2), group(3))
    path = tmp_path / files(tmp_path)[0]
    whole = path.read_bytes()
    if damage == "a hole":
        at = len(pending_format.pack(group(1))) + 20
        path.write_bytes(whole[:at] + bytes(30) + whole[at + 30 :])
        late = PendingLog(tmp_path)
        assert numbers(late) == [1]
    else:
        os.truncate(path, len(whole) // 2)
        late = one
    left = path.read_bytes()
    with pytest.raises(OSError, match="the log has lost some"):
        append(late, group(4))
    assert path.read_bytes() == left


def test_a_frame_larger_than_a_read_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending_log, "_CHUNK", 16)
    log = PendingLog(tmp_path)
    append(log, group(1, count=50), group(51))
    assert numbers(PendingLog(tmp_path)) == [1, 51]


def test_the_log_moves_on_and_old_files_go_when_all_in_them_is_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending_log, "FILE_LIMIT", 200)
    one, other, late = PendingLog(tmp_path), PendingLog(tmp_path), PendingLog(tmp_path)
    for number in range(1, 21):
        append(one if number % 2 else other, group(number))
    assert len(files(tmp_path)) > 3
    assert numbers(one) == numbers(other) == numbers(PendingLog(tmp_path)) == list(range(1, 21))
    other.discard(20)
    assert len(files(tmp_path)) == 1  # the one that is appended to
    append(one, group(21))
    assert numbers(late)[-1] == 21  # who slept meanwhile goes on with what is still there
    assert late.last() == (21, 21)


def test_a_file_stays_while_anybody_in_it_is_not_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending_log, "FILE_LIMIT", 1)
    log = PendingLog(tmp_path)
    append(log, group(1), group(2), group(3), group(4))
    assert files(tmp_path) == [f"pending-0000000{n}.log" for n in (1, 2, 3, 4)]
    log.discard(1)
    assert files(tmp_path) == [f"pending-0000000{n}.log" for n in (2, 3, 4)]
    log.discard(4)
    assert files(tmp_path) == ["pending-00000004.log"]  # it may go on here


def test_a_disk_that_takes_no_more_leaves_the_log_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = PendingLog(tmp_path)
    append(log, group(1))
    before = (tmp_path / files(tmp_path)[0]).read_bytes()
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, at: real(file, data[:5], at))
    with pytest.raises(OSError, match="space"):
        append(log, group(2))
    monkeypatch.undo()
    assert (tmp_path / files(tmp_path)[0]).read_bytes() == before
    append(log, group(2))
    assert numbers(log) == numbers(PendingLog(tmp_path)) == [1, 2]


def test_who_opens_the_log_while_its_first_file_goes_finds_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending_log, "FILE_LIMIT", 1)
    one = PendingLog(tmp_path)
    append(one, group(1), group(2), group(3))
    real = os.open

    def racing(path: os.PathLike[str] | str, flags: int, mode: int = 0o777) -> int:
        if str(path).endswith("01.log"):
            one.discard(2)  # a drainer, between the look at the directory and this
        return real(path, flags, mode)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", racing)
        newcomer = PendingLog(tmp_path)
    assert files(tmp_path) == ["pending-00000003.log"]
    append(one, group(4))
    append(newcomer, group(5))
    assert numbers(newcomer) == [3, 4, 5]
    assert numbers(one)[-1] == 5


def test_who_slept_through_files_that_came_and_went_appends_where_the_others_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending_log, "FILE_LIMIT", 1)
    one, late = PendingLog(tmp_path), PendingLog(tmp_path)
    append(late, group(1))
    for number in range(2, 30):
        append(one, group(number))
        one.discard(number)
    assert len(files(tmp_path)) == 1
    append(late, group(30))
    assert numbers(one)[-1] == numbers(PendingLog(tmp_path))[-1] == numbers(late)[-1] == 30
    assert len(files(tmp_path)) == 2


@pytest.mark.parametrize("fails", ["making the next file", "saying so", "opening it"])
def test_a_move_that_fails_adds_nobody_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    monkeypatch.setattr(pending_log, "FILE_LIMIT", 1)
    one, other = PendingLog(tmp_path), PendingLog(tmp_path)
    append(one, group(1))
    real_open, real_write = os.open, os.pwrite

    def fail_to_open(path: os.PathLike[str] | str, flags: int, mode: int = 0o777) -> int:
        if str(path).endswith("02.log") and bool(flags & os.O_CREAT) is (fails == "making the next file"):
            raise OSError(errno.ENOSPC, "planted")
        return real_open(path, flags, mode)

    def fail_to_write(file: int, data: bytes, at: int) -> int:
        if data == pending_format.moved():
            raise OSError(errno.ENOSPC, "planted")
        return real_write(file, data, at)

    with monkeypatch.context() as patched:
        if fails == "saying so":
            patched.setattr(os, "pwrite", fail_to_write)
        else:
            patched.setattr(os, "open", fail_to_open)
        with pytest.raises(OSError, match="planted"):
            append(one, group(2))
    for log in (other, PendingLog(tmp_path)):
        assert numbers(log) == [1]
        assert log.holder(b"p2") is None
    append(one, group(2))
    append(other, group(3))
    assert numbers(one) == numbers(other) == numbers(PendingLog(tmp_path)) == [1, 2, 3]


def test_a_frame_that_readers_would_refuse_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = PendingLog(tmp_path), PendingLog(tmp_path)
    largest = len(pending_format.pack(group(1))) - 8  # but for the frame's own head
    monkeypatch.setattr(pending_format, "_FRAME_LIMIT", largest)
    with pytest.raises(TooLarge):
        append(one, group(1, count=2))
    append(one, group(1))
    assert numbers(one) == numbers(other) == [1]


def test_a_reader_of_the_same_process_may_be_faster_than_who_appends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending_log, "FILE_LIMIT", 200)
    log = PendingLog(tmp_path)
    real = os.pwrite

    def read_at_once(file: int, data: bytes, at: int) -> int:
        written = real(file, data, at)
        log.refresh()
        return written

    monkeypatch.setattr(os, "pwrite", read_at_once)
    for number in range(1, 20):
        append(log, group(number))
    assert numbers(log) == numbers(PendingLog(tmp_path)) == list(range(1, 20))
    assert len(files(tmp_path)) > 3


def test_a_log_that_was_removed_under_its_users_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending_log, "FILE_LIMIT", 1)
    monkeypatch.setattr(pending_log, "_MOST_FILES", 10)
    one, late = PendingLog(tmp_path), PendingLog(tmp_path)
    append(one, group(1), group(2))
    for path in tmp_path.glob(pending_log.PATTERN):
        path.unlink()
    with pytest.raises(FileNotFoundError):
        late.refresh()


def test_whoever_opens_it_waits_for_who_appends(tmp_path: Path) -> None:
    one = PendingLog(tmp_path)
    opened: list[PendingLog] = []
    late = Thread(target=lambda: opened.append(PendingLog(tmp_path)))
    with one.appending():
        late.start()
        late.join(0.2)
        assert opened == []
    late.join()
    append(one, group(1))
    assert numbers(opened[0]) == [1]


def test_one_drains_at_a_time(tmp_path: Path) -> None:
    one, other = PendingLog(tmp_path), PendingLog(tmp_path)
    with one.draining() as mine:
        assert mine
        with other.draining() as theirs:
            assert not theirs
    with other.draining() as mine:
        assert mine
