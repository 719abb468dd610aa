"""`goseventh verify` as an operator sees it; what it finds is tests/storage/test_verify.py's."""

import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storage.environment import open_environment
from storage.layout import DATA_FILE
from tests.serving import ROOT, Server
from tests.test_cli import contents, environment, one_line, run


@pytest.fixture
def filled(directory: Path) -> Path:
    """A store of three people, no server at it."""
    with Server(directory) as server:
        for name in ("ana", "bia", "çé"):
            assert server.create(apelido=name, stack=["C#", name]).status == 201
    return directory


def verify(directory: Path) -> "subprocess.CompletedProcess[str]":
    return run("verify", "--data-dir", str(directory))


def test_a_whole_store_is_counted_and_left_as_it_was(filled: Path) -> None:
    before = contents(filled)
    ended = verify(filled)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "ok: 3 people\n", "")
    assert contents(filled) == before


def test_the_directory_may_come_from_its_variable(filled: Path) -> None:
    ended = run("verify", variables={"GOSEVENTH_DATA_DIR": str(filled)})
    assert (ended.returncode, ended.stdout) == (0, "ok: 3 people\n")


def test_each_fault_is_a_line(filled: Path) -> None:
    opened = open_environment(filled, 1 << 30)
    with opened.writing() as transaction:
        for nickname in (b"ana", b"bia"):
            assert transaction.delete(nickname, db=opened.nicknames)
    opened.close()
    ended = verify(filled)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert [line.rpartition(": ")[2] for line in ended.stdout.splitlines()] == [
        "its nickname 'ana' is missing",
        "its nickname 'bia' is missing",
    ]
    # Other tests' fixtures verify what they leave.
    (filled / DATA_FILE).unlink()


def test_a_damaged_file_is_never_mapped(filled: Path) -> None:
    with (filled / DATA_FILE).open("r+b") as file:
        file.truncate(3 * 4096)
    ended = verify(filled)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert all(line.startswith("structure: ") for line in ended.stdout.splitlines())
    (filled / DATA_FILE).unlink()


def test_while_a_server_runs_nothing_is_checked(filled: Path) -> None:
    with Server(filled):
        ended = verify(filled)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "in use by another server" in one_line(ended.stderr)


def test_while_people_wait_nothing_is_checked(filled: Path) -> None:
    with Server(filled, "--strategy", "write-behind", "--write-behind-window", "60000") as server:
        assert server.create(apelido="dora").status == 201
        server.kill_all()
    ended = verify(filled)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "start the server once" in one_line(ended.stderr)
    with Server(filled):
        pass
    assert verify(filled).stdout == "ok: 4 people\n"


@pytest.mark.parametrize("made", [True, False])
def test_what_is_no_store_is_left_alone(tmp_path: Path, made: bool) -> None:
    place = tmp_path / "place"
    if made:
        place.mkdir()
    ended = verify(place)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert str(place) in one_line(ended.stderr)
    assert place.exists() is made
    assert not made or list(place.iterdir()) == []


def on_a_terminal(directory: Path) -> tuple["subprocess.Popen[str]", int]:
    """The command with its standard error on a terminal, and the other end of that."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "goseventh", "verify", "--data-dir", str(directory)]
    started = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(TERM="xterm"),
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        start_new_session=True,
    )
    os.close(theirs)
    return started, ours


def test_progress_is_shown_on_a_terminal(filled: Path) -> None:
    started, terminal = on_a_terminal(filled)
    shown = b""
    while select.select([terminal], [], [], 20)[0]:
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # the last who had the other end has closed it
            break
    os.close(terminal)
    assert started.communicate(timeout=20)[0] == "ok: 3 people\n"
    assert shown


def test_an_interrupt_ends_it_with_a_line(filled: Path) -> None:
    # It waits for what this log holds, and for nobody in vain.
    fifo = filled / "pending-00000009.log"
    os.mkfifo(fifo)
    command = [sys.executable, "-m", "goseventh", "verify", "--data-dir", str(filled)]
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stderr=subprocess.PIPE, text=True) as started:
        writer = os.open(fifo, os.O_WRONLY)  # returns when it has begun to read there
        started.send_signal(signal.SIGINT)
        _, errors = started.communicate(timeout=20)
        os.close(writer)
    fifo.unlink()
    assert started.returncode == 130
    assert one_line(errors) == "goseventh: interrupted: not all was checked\n"
