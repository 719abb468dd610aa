"""What every durable commit has in common, whoever makes it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import environment, layout
from storage.environment import Environment

_READER = """
import signal, sys, lmdb
opened = lmdb.open(sys.argv[1], max_dbs=8, create=False)
snapshot = opened.begin()
print("reading", flush=True)
signal.pause()
"""


@pytest.fixture
def opened(directory: Path) -> Iterator[Environment]:
    directory.mkdir()
    layout.create(directory)
    made = environment.open_environment(directory, 1 << 30, flush_delay=0.25)
    yield made
    made.close()


def write(opened: Environment, number: int) -> None:
    with opened.writing() as transaction:
        transaction.put(b"test", b"%d" % number, db=opened.meta)


def test_each_durable_commit_takes_as_long_as_on_a_slower_disk(
    opened: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(environment, "sleep", slept.append)
    for number in range(3):
        write(opened, number)
    assert slept == [0.25] * 3


def test_readers_who_died_are_forgotten_every_few_commits(
    opened: Environment, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "sleep", lambda _: None)
    monkeypatch.setattr(environment, "_COMMITS_PER_READER_CHECK", 4)
    command = [sys.executable, "-c", _READER, str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"reading\n"
        reader.send_signal(signal.SIGKILL)
    for number in range(3):
        write(opened, number)
    assert str(reader.pid) in opened.lmdb.readers()
    write(opened, 3)
    assert str(reader.pid) not in opened.lmdb.readers()
