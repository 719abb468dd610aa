"""The log as several processes see it: here several holds of it, whose locks shut each other out as well."""

import os
from pathlib import Path

import pytest

from storage import pending_format, pending_log
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
    return [held.group.sequence for held in log.recent()]


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


def test_search_and_count_leave_out_who_is_durable(tmp_path: Path) -> None:
    log = PendingLog(tmp_path)
    append(log, group(8, count=4), group(12))
    assert pending_log.count(log.recent(), 9) == 3
    assert pending_log.count(log.recent(), 12) == 0
    assert pending_log.search(log.recent(), b"text1", 50, 9) == [b"doc 10", b"doc 11", b"doc 12"]
    assert pending_log.search(log.recent(), b"text1", 2, 9) == [b"doc 10", b"doc 11"]
    assert pending_log.search(log.recent(), b"nobody", 50, 0) == []


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


@pytest.mark.parametrize("length", [1, 7, 8, 30])
def test_a_frame_cut_by_a_kill_is_cut_off(tmp_path: Path, length: int) -> None:
    one, other = PendingLog(tmp_path), PendingLog(tmp_path)
    append(one, group(1))
    path = tmp_path / files(tmp_path)[0]
    path.write_bytes(path.read_bytes() + pending_format.pack(group(2))[:length])
    assert numbers(other) == [1]
    append(other, group(2))
    assert numbers(one) == numbers(PendingLog(tmp_path)) == [1, 2]
    assert path.read_bytes() == pending_format.pack(group(1)) + pending_format.pack(group(2))


def test_a_frame_larger_than_a_read_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending_log, "_CHUNK", 16)
    log = PendingLog(tmp_path)
    append(log, group(1, count=50), group(51))
    assert numbers(PendingLog(tmp_path)) == [1, 51]


def test_the_log_moves_on_and_old_files_go_when_all_in_them_is_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending_log, "_FILE_LIMIT", 200)
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
    monkeypatch.setattr(pending_log, "_FILE_LIMIT", 1)
    log = PendingLog(tmp_path)
    append(log, group(1), group(2), group(3))
    assert files(tmp_path) == [f"pending-0000000{n}.log" for n in (1, 2, 3, 4)]
    log.discard(1)
    assert files(tmp_path) == [f"pending-0000000{n}.log" for n in (2, 3, 4)]


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


def test_one_drains_at_a_time(tmp_path: Path) -> None:
    one, other = PendingLog(tmp_path), PendingLog(tmp_path)
    with one.draining() as mine:
        assert mine
        with other.draining() as theirs:
            assert not theirs
    with other.draining() as mine:
        assert mine
