"""Backup, restore and compact as an operator sees them, and what is left when they are cut off anywhere."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from goseventh import person
from goseventh.bench.crash.load import Load
from storage import lock, partial
from storage.backup import backup
from storage.beside import reading
from storage.compact import compact
from storage.environment import open_environment, open_shared
from storage.errors import Unusable
from storage.layout import DATA_FILE
from storage.restore import restore
from storage.verify import count, verify
from tests.commands import Commands, commands
from tests.load import assert_kept
from tests.serving import Server, until
from tests.storage.disk import KILL
from tests.test_cli import one_line, run

PEOPLE = 30
FAULTS = [(KILL, False), (errno.ENOSPC, True), (errno.EIO, False)]
debian = pytest.mark.debian("cc")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of so many people, and of two more in the log of a killed write-behind; to be copied."""
    place = tmp_path_factory.mktemp("store") / "data"
    with Server(place) as server:
        for number in range(PEOPLE):
            assert server.create(apelido=f"number {number}", stack=["C#"]).status == 201
    with Server(place, "--strategy", "write-behind", "--write-behind-window", "60000") as server:
        for name in ("waits", "waits too"):
            assert server.create(apelido=name).status == 201
        server.kill_all()
    return place


@pytest.fixture(scope="module")
def source(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it."""
    place = tmp_path_factory.mktemp("source") / "backup"
    ended = run("backup", "--data-dir", str(store), str(place))
    assert ended.returncode == 0, ended
    return place


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Commands, Path]]:
    """Commands on a disk that may fail, and the disk."""
    root = tmp_path_factory.mktemp("disk")
    with commands(tmp_path_factory.mktemp("work"), root) as made:
        yield made, root


@pytest.fixture
def disk(on_disk: tuple[Commands, Path]) -> Iterator[Path]:
    yield on_disk[1]
    for path in on_disk[1].iterdir():
        shutil.rmtree(path)


def people_of(place: Path) -> int:
    """How many people a whole store holds."""
    held = lock.take(place)
    assert list(verify(place, person.read)) == []
    os.close(held)
    return count(place)


def last_line(errors: str) -> str:
    """That the last line, below what the store has logged, is the program's own; the line."""
    return one_line(errors.splitlines(keepends=True)[-1])


def test_a_backup_of_a_running_server_has_everybody(tmp_path: Path) -> None:
    place, copy, later = tmp_path / "data", tmp_path / "copy", tmp_path / "later"
    with Server(place, "--strategy", "write-behind", "--write-behind-window", "60000", workers=2) as server:
        for number in range(5):
            assert server.create(apelido=f"number {number}").status == 201
        ended = run("backup", "--data-dir", str(place), str(copy))
        assert (ended.returncode, ended.stderr) == (0, "")
        assert ended.stdout.startswith("ok: 5 people, ")
        assert server.create(apelido="later").status == 201
        assert run("backup", "--data-dir", str(place), str(later)).stdout.startswith("ok: 6 people, ")
        assert server.count() == 6
    assert people_of(place) == 6
    assert [path.name for path in copy.iterdir()] == [DATA_FILE]
    assert (people_of(copy), people_of(later)) == (5, 6)
    with Server(copy, "--strategy", "write-behind") as server:
        assert server.create(apelido="number 4").status == 422
        assert server.create(apelido="new").status == 201
        assert server.count() == 6


def test_a_backup_under_load_has_everybody_answered_before_it_began(tmp_path: Path) -> None:
    place, copy, back = tmp_path / "data", tmp_path / "copy", tmp_path / "back"
    with Server(place, "--strategy", "write-behind", workers=2) as server:
        load = Load(server, "n")
        with load.running(4):
            until(lambda: len(load.acknowledged) > 200)
            before = dict(load.acknowledged)
            ended = run("backup", "--data-dir", str(place), str(copy))
            assert ended.returncode == 0, ended
    assert run("restore", "--data-dir", str(back), str(copy)).returncode == 0
    with Server(back) as server:
        found = server.count()
        assert ended.stdout.startswith(f"ok: {found} people, ")
        assert len(before) <= found < len(load.acknowledged)
        assert_kept(server, before, found - len(before))


def test_a_server_starts_and_stops_beside_a_backup(tmp_path: Path, store: Path) -> None:
    place = tmp_path / "data"
    shutil.copytree(store, place)
    os.mkfifo(place / "pending-00000099.log")  # the backup waits for what this log holds
    command = [sys.executable, "-m", "goseventh", "backup", "--data-dir", str(place), str(tmp_path / "copy")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        writer = os.open(place / "pending-00000099.log", os.O_WRONLY)
        (place / "pending-00000099.log").unlink()
        with Server(place) as server:
            assert server.count() == PEOPLE + 2
            os.close(writer)
            output, _ = started.communicate(timeout=20)
        assert output.startswith(f"ok: {PEOPLE + 2} people, ")
    assert people_of(tmp_path / "copy") == PEOPLE + 2


@pytest.mark.parametrize("name", ["partial", "nightly.partial"])
def test_a_backup_is_never_called_what_is_removed_as_unfinished(source: Path, name: str) -> None:
    ended = run("backup", "--data-dir", str(source), str(source / name))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "choose another name" in one_line(ended.stderr)
    assert not (source / name).exists()


def test_a_backup_never_takes_the_place_of_anything(tmp_path: Path, source: Path) -> None:
    ended = run("backup", "--data-dir", str(source), str(tmp_path))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "is there already" in one_line(ended.stderr)
    shutil.copytree(source, tmp_path / "copy.partial")
    ended = run("backup", "--data-dir", str(source), str(tmp_path / "copy"))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "is no unfinished store" in one_line(ended.stderr)
    assert people_of(tmp_path / "copy.partial") == PEOPLE + 2


def test_a_start_removes_what_is_unfinished_and_nothing_that_is_called_so(
    tmp_path: Path, source: Path
) -> None:
    place = tmp_path / "data"
    shutil.copytree(source, place)
    for name in ("partial", "mine.partial"):
        shutil.copytree(source, place / name)
    with partial.making(place / "held.partial") as held:
        with partial.making(place / "killed.partial") as made:
            shutil.copytree(source, made, dirs_exist_ok=True)
            shutil.copytree(place / "killed.partial", place / "left.partial")
        with Server(place) as server:
            assert server.count() == PEOPLE + 2
        assert held.exists()
    found = {path.name for path in place.iterdir() if path.is_dir()}
    assert found == {"partial", "mine.partial"}
    assert people_of(place / "partial") == people_of(place / "mine.partial") == PEOPLE + 2


def _unfinished(place: Path) -> Path:
    """As a killed command leaves it."""
    (place / "unfinished").mkdir(parents=True)
    (place / "unfinished" / DATA_FILE).write_bytes(b"somebody's")
    return place


def test_what_a_link_or_an_empty_directory_is_called_is_never_removed(tmp_path: Path, source: Path) -> None:
    mine, place = _unfinished(tmp_path / "mine"), tmp_path / "place"
    _unfinished(place / "left.partial")
    (place / "link.partial").symlink_to(mine)
    (place / "empty.partial").mkdir()
    (place / "inner.partial").mkdir()
    (place / "inner.partial" / "unfinished").symlink_to(mine / "unfinished")
    more = _unfinished(place / "more.partial") / "unfinished"
    (more / "notes").write_bytes(b"")
    partial.sweep(place)
    assert {path.name for path in place.iterdir()} == {
        "link.partial", "empty.partial", "inner.partial", "more.partial",
    }  # fmt: skip
    assert {path.name for path in more.iterdir()} == {DATA_FILE, "notes"}
    for name in ("link", "inner", "more"):
        with pytest.raises(Unusable, match="is no unfinished store"):
            backup(source, place / name, person.read, 1 << 30)
    assert (mine / "unfinished" / DATA_FILE).read_bytes() == b"somebody's"
    assert {path.name for path in more.iterdir()} == {DATA_FILE, "notes"}


def test_a_backup_removes_what_killed_ones_of_other_names_left(tmp_path: Path, source: Path) -> None:
    with partial.making(tmp_path / "monday.partial"):
        shutil.copytree(tmp_path / "monday.partial", tmp_path / "tuesday.partial")
        ended = run("backup", "--data-dir", str(source), str(tmp_path / "wednesday"))
        assert ended.returncode == 0, ended
        assert {path.name for path in tmp_path.iterdir()} == {"monday.partial", "wednesday"}


def test_what_would_fill_the_disk_is_not_begun(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "data"
    shutil.copytree(source, place)
    size = (source / DATA_FILE).stat().st_size
    few = SimpleNamespace(f_frsize=4096, f_bavail=1)
    monkeypatch.setattr(os, "statvfs", lambda _: few)
    before = (place / DATA_FILE).read_bytes()
    works: list[Callable[[], object]] = [
        lambda: backup(place, tmp_path / "copy", person.read, 1 << 30),
        lambda: compact(place, person.read, 1 << 30),
        lambda: restore(source, tmp_path / "new", person.read),
    ]
    (tmp_path / "new").mkdir()
    for work in works:
        with pytest.raises(Unusable, match="has 4096 bytes free, and this needs"):
            work()
    assert (place / DATA_FILE).read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"data", "new"}
    few.f_bavail = (size + (60 << 20)) // 4096  # a server goes on writing beside a backup
    with pytest.raises(Unusable, match="this needs"):
        works[0]()
    works[1]()
    works[2]()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_what_root_makes_belongs_to_whom_the_store_does(tmp_path: Path, source: Path) -> None:
    place = tmp_path / "data"
    shutil.copytree(source, place)
    for path in (place, place / DATA_FILE):
        os.chown(path, 10001, 10002)
    for command in (("stats",), ("compact",), ("import", "/dev/null")):
        ended = run(*command, "--data-dir", str(place))
        assert ended.returncode == 0, ended
        assert {(path.stat().st_uid, path.stat().st_gid) for path in place.iterdir()} == {(10001, 10002)}
    for command in (("backup", str(place / "copy")), ("export", str(place / "out"))):
        ended = run(*command, "--data-dir", str(place))
        assert ended.returncode == 0, ended
    assert {(path.stat().st_uid, path.stat().st_gid) for path in place.rglob("*")} == {(10001, 10002)}
    shutil.rmtree(place)
    place.mkdir()
    os.chown(place, 10001, 10002)
    assert run("restore", "--data-dir", str(place), str(source)).returncode == 0
    assert {(path.stat().st_uid, path.stat().st_gid) for path in place.iterdir()} == {(10001, 10002)}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_what_root_leaves_unfinished_is_for_the_server_to_remove(tmp_path: Path) -> None:
    os.chown(tmp_path, 10001, 10002)
    with partial.making(tmp_path / "partial") as made:
        owners = {(path.stat().st_uid, path.stat().st_gid) for path in (made, made.parent)}
    assert owners == {(10001, 10002)}


def test_what_can_not_be_looked_into_keeps_nothing_else_from_being_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        _unfinished(tmp_path / f"{name}.partial")
    seen: list[object] = []
    look = os.listdir

    def listdir(path: Path | int) -> list[str]:
        seen.append(path)
        if len(seen) == 2:  # the first is that of their directory
            raise PermissionError(errno.EACCES, "Permission denied")
        return look(path)

    monkeypatch.setattr(os, "listdir", listdir)
    partial.sweep(tmp_path)
    assert len(look(tmp_path)) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
@pytest.mark.parametrize("name", ["lock.mdb", "write.lock"])
@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_root_gives_away_nothing_that_a_planted_link_names(
    tmp_path: Path, source: Path, name: str, link: Callable[[Path, Path], None]
) -> None:
    place, victim = tmp_path / "data", tmp_path / "victim"
    shutil.copytree(source, place)
    for path in (place, place / DATA_FILE):
        os.chown(path, 10001, 10002)
    victim.write_bytes(b"")
    (place / name).unlink(missing_ok=True)  # of who read the source
    link(victim, place / name)
    with pytest.raises(Unusable, match=f"{name} is a link to what is elsewhere"):
        open_environment(place, 1 << 30)
    assert (victim.stat().st_uid, victim.stat().st_gid) == (0, 0)


@pytest.mark.parametrize("name", [DATA_FILE, "lock.mdb"])
@pytest.mark.parametrize("dangling", [False, True])
def test_a_store_whose_file_is_a_link_is_not_opened(
    tmp_path: Path, source: Path, name: str, dangling: bool
) -> None:
    place, target = tmp_path / "data", tmp_path / "elsewhere"
    shutil.copytree(source, place)
    if not dangling:
        shutil.copy(source / DATA_FILE, target)
        before = target.read_bytes()
    (place / name).unlink(missing_ok=True)
    (place / name).symlink_to(target)
    with pytest.raises(Unusable, match="is a link to what is elsewhere"):
        open_shared(place, 1 << 30)
    assert (target.read_bytes() == before) if not dangling else not target.exists()


def test_why_a_copy_has_no_place_is_what_the_system_says(tmp_path: Path, source: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for destination, told in (
        (tmp_path / "nowhere" / "copy", "No such file or directory"),
        (tmp_path / "file" / "copy", "Not a directory"),
        (tmp_path / ("n" * 250), "File name too long"),
    ):
        with pytest.raises(Unusable, match=f"{told}; what was there is whole"):
            backup(source, destination, person.read, 1 << 30)
    with pytest.raises(Unusable, match="missing holds no store"):
        backup(tmp_path / "missing", tmp_path / "nowhere" / "copy", person.read, 1 << 30)


def test_what_is_no_store_has_no_backup(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    ended = run("backup", "--data-dir", str(tmp_path / "data"), str(tmp_path / "copy"))
    assert ended.returncode == 2
    assert "holds no store" in one_line(ended.stderr)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert list((tmp_path / "data").iterdir()) == []


@debian
@pytest.mark.parametrize(("code", "persistent"), FAULTS)
def test_a_backup_cut_off_anywhere_leaves_the_store_and_no_half_backup(
    on_disk: tuple[Commands, Path], disk: Path, store: Path, code: int, persistent: bool
) -> None:
    shutil.copytree(store, disk / "data")
    before = (disk / "data" / DATA_FILE).read_bytes()
    command, copy = ("backup", "--data-dir", disk / "data", disk / "copy"), disk / "copy"
    for ended in on_disk[0].at_each_step(code, *command, persistent=persistent):
        assert ended.code == (-signal.SIGKILL if code == KILL else 2), ended
        assert code == KILL or last_line(ended.errors)
        assert (disk / "data" / DATA_FILE).read_bytes() == before
        if copy.exists():
            assert people_of(copy) == PEOPLE + 2
            shutil.rmtree(copy)
        assert code != errno.ENOSPC or sorted(path.name for path in disk.iterdir()) == ["data"]
    assert people_of(copy) == PEOPLE + 2


@debian
@pytest.mark.parametrize(("code", "persistent"), FAULTS)
def test_a_restore_cut_off_anywhere_leaves_nothing_or_all(
    on_disk: tuple[Commands, Path], disk: Path, source: Path, code: int, persistent: bool
) -> None:
    place = disk / "data"
    place.mkdir()
    (place / "lost+found").mkdir()
    number = place.stat().st_ino
    command = ("restore", "--data-dir", place, source)
    for ended in on_disk[0].at_each_step(code, *command, persistent=persistent):
        assert ended.code == (-signal.SIGKILL if code == KILL else 2), ended
        assert code == KILL or last_line(ended.errors)
        if (place / DATA_FILE).exists():
            assert people_of(place) == PEOPLE + 2
            assert on_disk[0].run(*command).code == 2
            (place / DATA_FILE).unlink()
        assert {path.name for path in place.iterdir()} <= {"lost+found", partial.NAME}
        assert code != errno.ENOSPC or not (place / partial.NAME).exists()
    assert people_of(place) == PEOPLE + 2
    assert place.stat().st_ino == number
    assert sorted(path.name for path in place.iterdir()) == [DATA_FILE, "lost+found"]


@debian
@pytest.mark.parametrize(("code", "persistent"), FAULTS)
def test_compacting_cut_off_anywhere_leaves_everybody(
    on_disk: tuple[Commands, Path], disk: Path, store: Path, code: int, persistent: bool
) -> None:
    place = disk / "data"
    shutil.copytree(store, place)
    for ended in on_disk[0].at_each_step(code, "compact", "--data-dir", place, persistent=persistent):
        assert ended.code == (-signal.SIGKILL if code == KILL else 2), ended
        assert code == KILL or last_line(ended.errors)
        assert code != errno.ENOSPC or not (place / partial.NAME).exists()
        again = on_disk[0].run("compact", "--data-dir", place)
        assert again.output.startswith(f"ok: {PEOPLE + 2} people, "), again
        assert not (place / partial.NAME).exists()
        shutil.rmtree(place)
        shutil.copytree(store, place)
    assert people_of(place) == PEOPLE + 2


def test_compacting_gives_back_what_is_not_used(tmp_path: Path, store: Path) -> None:
    place = tmp_path / "data"
    shutil.copytree(store, place)
    before = (place / DATA_FILE).stat().st_size
    ended = run("compact", "--data-dir", str(place))
    after = (place / DATA_FILE).stat().st_size
    assert ended.stdout.startswith(f"ok: {PEOPLE + 2} people, ")
    assert f", {after} after" in ended.stdout
    assert after < before
    with Server(place) as server:
        assert server.create(apelido="new").status == 201
        assert server.count() == PEOPLE + 3
    assert people_of(place) == PEOPLE + 3


def test_who_reads_a_store_keeps_it_from_being_replaced(tmp_path: Path, store: Path) -> None:
    place = tmp_path / "data"
    shutil.copytree(store, place)
    with Server(place):
        pass
    with reading(place, 1 << 30):
        ended = run("compact", "--data-dir", str(place))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "is being read" in one_line(ended.stderr)
    assert run("compact", "--data-dir", str(place)).returncode == 0


@pytest.mark.parametrize("command", ["compact", "restore"])
def test_nothing_is_replaced_under_a_server(tmp_path: Path, source: Path, command: str) -> None:
    place = tmp_path / "data"
    with Server(place):
        ended = run(command, "--data-dir", str(place), *([str(source)] if command == "restore" else []))
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "in use by another server" in one_line(ended.stderr)


def test_a_damaged_backup_is_not_restored(tmp_path: Path, source: Path) -> None:
    bad, place = tmp_path / "bad", tmp_path / "data"
    shutil.copytree(source, bad)
    with (bad / DATA_FILE).open("r+b") as file:
        stored = file.read()
        file.seek(stored.index(b'"nome":"Ana"'))
        file.write(b'"nome":"Bia"')
    ended = run("restore", "--data-dir", str(place), str(bad))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "checksum differs" in one_line(ended.stderr)
    assert list(place.iterdir()) == []


def test_a_stopped_server_s_directory_can_be_restored_but_not_while_people_wait(
    tmp_path: Path, store: Path
) -> None:
    place = tmp_path / "data"
    ended = run("restore", "--data-dir", str(place), str(store))
    assert ended.returncode == 2
    assert "start the server once" in one_line(ended.stderr)
    assert list(place.iterdir()) == []
