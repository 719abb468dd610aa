"""Stores of earlier versions: read as they were written, and upgraded if this version can."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storage import partial, records
from storage.environment import open_environment
from storage.layout import DATA_FILE, FORMAT_KEY
from tests.serving import ROOT, Server
from tests.test_backup import people_of
from tests.test_cli import contents, environment, one_line, run
from tests.test_importing import exported

GOLDEN = ROOT / "tests" / "golden"
# As of format 0: nobody had a nickname in the index.
_PROGRAM = """
import os, signal, sys
import lmdb
from goseventh import cli, person
from storage import records, upgrade

def step(environment, progress):
    people, nicknames = (environment.open_db(name) for name in (b"people", b"nicknames"))
    with environment.begin(write=True) as transaction:
        for key, stored in transaction.cursor(people):
            transaction.put(person.read(records.document(stored))[0], key, db=nicknames)
    {end}

upgrade.STEPS[0] = step
sys.exit(cli.main(sys.argv[1:]))
"""


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


def upgrade(place: Path, *flags: str, end: str = "pass") -> "subprocess.CompletedProcess[str]":
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
    shutil.move(old / "before-upgrade", old.with_name("kept"))
    again = upgrade(old.with_name("kept"), "--no-backup")
    assert again.stdout == "ok: 2 people, format 0 became 1\n"
    assert (old / DATA_FILE).read_bytes() != before
    assert upgrade(old).stdout == f"ok: {old} has format 1 already\n"


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
        ("raise lmdb.MapFullError('full')", 2),
        ("raise OSError(28, 'No space left on device')", 2),
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
