"""Stores of earlier versions: read as they were written, and upgraded if this version can."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import partial, records
from storage.environment import open_environment
from storage.layout import DATA_FILE, FORMAT_KEY
from tests.commands import Commands, commands
from tests.serving import ROOT, Server
from tests.storage.disk import KILL
from tests.test_backup import FAULTS, people_of
from tests.test_cli import contents, environment, one_line, run
from tests.test_importing import exported

GOLDEN = ROOT / "tests" / "golden"
_PROGRAM = """
import os, signal, sys
import lmdb
from goseventh import cli
from tests import upgrading

upgrading.learn(lambda: {end})
sys.exit(cli.main(sys.argv[1:]))
"""


def _raise(error: str) -> str:
    return f"(_ for _ in ()).throw({error})"


@pytest.mark.parametrize("version", sorted(path.stem for path in GOLDEN.glob("*.ndjson")))
def test_a_store_of_each_version_reads_as_it_was_written(version: str, directory: Path) -> None:
    shutil.copytree(GOLDEN / version, directory)
    wanted = (GOLDEN / f"{version}.ndjson").read_bytes()
    assert exported(directory) == wanted
    with Server(directory) as server:
        lines = wanted.splitlines()
        assert server.count() == len(lines)
        assert server.request("GET", "/pessoas?t=golden").body == b"[%b]" % b",".join(lines[:50])
        assert server.create(apelido="new").status == 201
    assert people_of(directory) == len(lines) + 1
    assert exported(directory).startswith(wanted)


def test_there_is_a_golden_store_of_this_format() -> None:
    assert (GOLDEN / f"format-{records.FORMAT}" / DATA_FILE).exists()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store of format 0."""
    place = tmp_path / "old"
    with Server(place) as server:
        for name in ("ana", "bia"):
            assert server.create(apelido=name).status == 201
    _set_format(place, b"0")
    return place


def _set_format(place: Path, written: bytes) -> None:
    opened = open_environment(place, 1 << 30)
    with opened.writing() as transaction:
        for nickname in (b"ana", b"bia"):
            transaction.delete(nickname, db=opened.nicknames)
        transaction.put(FORMAT_KEY, written, db=opened.meta)
    opened.close()


def upgrade(place: Path, *flags: str, end: str = "None") -> "subprocess.CompletedProcess[str]":
    """By a version that knows a way from format 0, whose step does `end` when the copy is half new."""
    command = [sys.executable, "-c", _PROGRAM.format(end=end), "upgrade", "--data-dir", str(place), *flags]
    return subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=20, check=False
    )


def test_an_older_store_is_upgraded_after_a_backup(old: Path) -> None:
    refused = run("serve", "--data-dir", str(old), "--port", "0")
    assert refused.returncode == 1
    assert "`goseventh upgrade` converts it" in one_line(refused.stderr)
    before = (old / DATA_FILE).read_bytes()
    ended = upgrade(old)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("ok: 2 people, format 0 became 1\n")
    assert people_of(old) == 2
    shutil.move(old / "before-upgrade-0", old.with_name("kept"))
    again = upgrade(old.with_name("kept"), "--no-backup")
    assert again.stdout == "ok: 2 people, format 0 became 1\n"
    assert (old / DATA_FILE).read_bytes() != before
    assert upgrade(old).stdout == f"ok: {old} has format 1 already\n"


def test_a_backup_that_is_there_will_do_only_if_it_holds_the_same(old: Path, tmp_path: Path) -> None:
    assert upgrade(old, end=_raise("lmdb.MapFullError('full')")).returncode == 2
    shutil.copytree(old, tmp_path / "other")
    shutil.rmtree(tmp_path / "other" / "before-upgrade-0")
    assert upgrade(old).stdout.startswith("ok: 2 people, format 0 became 1\n")
    with Server(old) as server:
        assert server.create(apelido="cid").status == 201
    _set_format(old, b"0")
    kept = (old / "before-upgrade-0" / DATA_FILE).read_bytes()
    ended = upgrade(old)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "holds something else" in one_line(ended.stderr)
    ended = upgrade(old, "--backup", str(tmp_path / "kept"))
    assert ended.stdout.startswith("ok: 3 people, format 0 became 1\n")
    assert (old / "before-upgrade-0" / DATA_FILE).read_bytes() == kept


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Commands, Path]]:
    root = tmp_path_factory.mktemp("disk")
    with commands(tmp_path_factory.mktemp("work"), root, "tests.upgrading") as made:
        yield made, root


# To meet each step with each fault takes over a minute: here each is met by one of them, unless asked for.
_EVERY = 1 if os.environ.get("EVERY_STEP") == "1" else len(FAULTS)


@pytest.mark.debian("cc")
@pytest.mark.parametrize(
    ("code", "persistent", "first"),
    [(*fault, 1 + number % _EVERY) for number, fault in enumerate(FAULTS)],
)
def test_an_upgrade_cut_off_anywhere_can_be_run_again(
    on_disk: tuple[Commands, Path], old: Path, code: int, persistent: bool, first: int
) -> None:
    run_one, place = on_disk[0].run, on_disk[1] / "data"
    shutil.copytree(old, place)
    command = ("upgrade", "--data-dir", place)
    for ended in on_disk[0].at_each_step(code, *command, persistent=persistent, first=first, every=_EVERY):
        assert ended.code == (-signal.SIGKILL if code == KILL else 2), ended
        again = run_one(*command)
        assert again.code == 0, again
        assert people_of(place) == 2
        kept = place / "before-upgrade-0"
        # An empty directory, as is left just before it would go, is nobody's for sure and stays.
        assert [path for path in place.iterdir() if path.is_dir() and any(path.iterdir())] in ([], [kept])
        if again.output.startswith("ok: 2 people"):
            assert run_one("upgrade", "--data-dir", kept, "--no-backup").output.startswith("ok: 2 people")
        shutil.rmtree(place)
        shutil.copytree(old, place)
    shutil.rmtree(place)


@pytest.mark.parametrize("written", [b"0", b"2"])
def test_where_no_way_leads_nothing_is_changed(old: Path, written: bytes) -> None:
    shutil.rmtree(old)
    with Server(old):
        pass
    _set_format(old, written)
    before = contents(old)
    ended = run("upgrade", "--data-dir", str(old))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"has format {written.decode()}, from which" in one_line(ended.stderr)
    assert contents(old) == before


def test_whose_backup_has_no_place_is_not_upgraded(old: Path) -> None:
    before = contents(old)
    (old.with_name("there")).mkdir()
    ended = upgrade(old, "--backup", str(old.with_name("there")))
    assert ended.returncode == 2
    assert "is there already" in one_line(ended.stderr)
    assert contents(old) == before


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        (_raise("lmdb.MapFullError('full')"), 2),
        (_raise("OSError(28, 'No space left on device')"), 2),
    ],
)
def test_a_step_cut_off_leaves_the_store_as_it_was(old: Path, end: str, code: int) -> None:
    before = (old / DATA_FILE).read_bytes()
    ended = upgrade(old, "--no-backup", end=end)
    assert ended.returncode == code
    assert code != 2 or "what was there is whole" in one_line(ended.stderr)
    assert (old / DATA_FILE).read_bytes() == before
    assert (old / partial.NAME).exists() == (code != 2)
    assert upgrade(old, "--no-backup").stdout == "ok: 2 people, format 0 became 1\n"
    assert not (old / partial.NAME).exists()
    assert people_of(old) == 2
