"""A kill, or a power cut, between any two steps of write-behind; then a start."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from storage import drainer, environment, layout, pending_format, pending_log, people
from storage.environment import MOVED_KEY, Environment
from storage.errors import Unusable
from storage.pending_format import Group
from storage.pending_log import PendingLog
from storage.records import clock_now, give_id
from storage.recovery import recover
from tests.storage.samples import record

COUNT = 30


@pytest.fixture
def opened(directory: Path) -> Environment:
    directory.mkdir()
    layout.create(directory)
    return environment.open_environment(directory, 1 << 30)


def groups(first: int = 1, count: int = COUNT, size: int = 3) -> list[Group]:
    """`count` people in groups of `size`, numbered from `first` on."""
    made = []
    clock = clock_now()
    for begin in range(first, first + count, size):
        members = [give_id(record(f"p{number}"), clock + number, 7) for number in range(begin, begin + size)]
        made.append(Group(0, clock + begin + size, begin, members))
    return made


def write(directory: Path, made: list[Group]) -> None:
    log = PendingLog(directory)
    with log.appending():
        for each in made:
            log.append(each)
    log.close()


def assert_all_there(opened: Environment, made: list[Group]) -> None:
    """Each person once, to the byte, in the order of their numbers."""
    expected = [person for each in made for person in each.people]
    with opened.lmdb.begin(buffers=True) as snapshot:
        found = people.search(opened, snapshot, b"p", 1000)
        assert found == [person.document for person in expected]
        assert snapshot.stat(opened.people)["entries"] == len(expected)


def nothing(directory: Path, opened: Environment, made: list[Group]) -> None:
    """Killed before anything was moved."""


def some_moved(directory: Path, opened: Environment, made: list[Group]) -> None:
    """Killed after a drain, others answered since."""
    drainer.move(opened, made[:4])


def all_moved(directory: Path, opened: Environment, made: list[Group]) -> None:
    """Killed after the last drain, before the log went."""
    drainer.move(opened, made)


def cut_frame(directory: Path, opened: Environment, made: list[Group]) -> None:
    """Killed while a group was appended that nobody was answered for."""
    last = sorted(directory.glob(pending_log.PATTERN))[-1]
    last.write_bytes(last.read_bytes() + pending_format.pack(groups(COUNT + 1)[0])[:-9])


def zeros(directory: Path, opened: Environment, made: list[Group]) -> None:
    """A power cut left the length of a file, and none of its last bytes."""
    last = sorted(directory.glob(pending_log.PATTERN))[-1]
    last.write_bytes(last.read_bytes() + bytes(5000))


def new_file_made(directory: Path, opened: Environment, made: list[Group]) -> None:
    """Killed while the log moved on: the new file is there, the old one does not say so."""
    (directory / "pending-00000099.log").touch()


def first_files_gone(directory: Path, opened: Environment, made: list[Group]) -> None:
    """Killed after the files of the durable had gone."""
    drainer.move(opened, made[:4])
    log = PendingLog(directory)
    log.refresh()
    log.discard(made[3].last)
    log.close()


@pytest.mark.parametrize("limit", [1 << 20, 150], ids=["one file", "many files"])
@pytest.mark.parametrize(
    "step", [nothing, some_moved, all_moved, cut_frame, zeros, new_file_made, first_files_gone]
)
def test_after_any_step_everybody_is_there_once(
    directory: Path,
    opened: Environment,
    monkeypatch: pytest.MonkeyPatch,
    step: Callable[[Path, Environment, list[Group]], None],
    limit: int,
) -> None:
    monkeypatch.setattr(pending_log, "FILE_LIMIT", limit)
    made = groups()
    write(directory, made)
    step(directory, opened, made)
    recover(directory, opened)
    assert_all_there(opened, made)
    assert list(directory.glob(pending_log.PATTERN)) == []
    assert recover(directory, opened) == 0  # and killed before it could say so, it finds nothing to do
    assert_all_there(opened, made)
    opened.close()


def test_a_power_cut_that_took_the_middle_leaves_whole_people(directory: Path, opened: Environment) -> None:
    made = groups()
    write(directory, made)
    path = next(directory.glob(pending_log.PATTERN))
    stored = bytearray(path.read_bytes())
    stored[600:1112] = bytes(512)
    path.write_bytes(stored)
    recovered = recover(directory, opened)
    assert 0 < recovered < COUNT
    assert recovered % 3 == 0
    assert_all_there(opened, made[: recovered // 3])
    assert [path.name for path in directory.glob("*.damaged")] == ["pending-00000001.1.damaged"]
    opened.close()


def test_what_is_put_aside_never_replaces_what_was_before(directory: Path, opened: Environment) -> None:
    for junk in (b"first", b"second"):
        (directory / "pending-00000001.log").write_bytes(junk)
        recover(directory, opened)
    assert sorted(path.read_bytes() for path in directory.glob("*.damaged")) == [b"first", b"second"]
    opened.close()


def test_whoever_was_moved_by_a_start_that_was_killed_is_not_reported_as_dropped(
    directory: Path, opened: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    made = groups()
    write(directory, made)
    drainer.move(opened, made)
    with (
        opened.writing() as transaction
    ):  # as if the number had not come to the disk: it does, in the same commit
        transaction.delete(MOVED_KEY, db=opened.meta)
    assert recover(directory, opened) == 0
    assert_all_there(opened, made)
    assert "dropped" not in caplog.text
    opened.close()


def test_a_lost_file_before_makes_the_numbers_go_on_without_a_gap(
    directory: Path, opened: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending_log, "FILE_LIMIT", 150)
    made = groups()
    write(directory, made)
    lost = sorted(directory.glob(pending_log.PATTERN))[2]
    gone = [group for group, _ in pending_format.frames(lost.read_bytes()) if group is not None]
    lost.unlink()
    recover(directory, opened)
    assert_all_there(
        opened, [each for each in made if each not in gone]
    )  # and the fixture checks the numbers
    opened.close()


def test_what_can_not_be_written_is_kept(directory: Path, opened: Environment) -> None:
    opened.close()
    small = environment.open_environment(directory, 1 << 16)
    made = groups(count=3000)
    write(directory, made)
    before = {path.name: path.read_bytes() for path in directory.glob(pending_log.PATTERN)}
    with pytest.raises(Unusable, match="all were kept"):
        recover(directory, small)
    assert {path.name: path.read_bytes() for path in directory.glob(pending_log.PATTERN)} == before
    small.close()
    large = environment.open_environment(directory, 1 << 30)
    recover(directory, large)
    with large.lmdb.begin() as snapshot:
        assert people.count(large, snapshot) == 3000
    large.close()


def test_a_start_makes_durable_what_a_killed_commit_left_or_says_that_it_can_not(
    directory: Path, opened: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RuntimeError), opened.lock.held(), opened.lock.committing():
        raise RuntimeError("killed")
    opened.close()
    flushed: list[int] = []
    again = environment.open_environment(directory, 1 << 30)

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "planted")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", fail)
        with pytest.raises(Unusable, match="see to the disk"):
            recover(directory, again)
    again.close()
    again = environment.open_environment(directory, 1 << 30)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", flushed.append)
        for _ in range(2):
            recover(directory, again)
    assert len(flushed) == 1
    again.close()
