"""The failing disk itself: a call that it let through would leave what it is for untested."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from tests.storage.disk import CountingDisk

pytestmark = pytest.mark.debian("cc")
# Every call with which Python changes a disk, of those that the store makes or may make.
_CALLS = """
import os, sys
place = sys.argv[1]
file = os.open(place + "/there", os.O_RDWR)
calls = {
    "open": lambda: os.open(place + "/new", os.O_RDWR | os.O_CREAT),
    "mkdir": lambda: os.mkdir(place + "/made"),
    "write": lambda: os.write(file, b"abcd"),
    "writev": lambda: os.writev(file, [b"ab", b"cd"]),
    "pwrite": lambda: os.pwrite(file, b"abcd", 0),
    "fsync": lambda: os.fsync(file),
    "fdatasync": lambda: os.fdatasync(file),
    "ftruncate": lambda: os.ftruncate(file, 2),
    "rename": lambda: os.rename(place + "/there", place + "/else"),
    "unlink": lambda: os.unlink(place + "/there"),
}
for name in sys.argv[2:] or calls:
    try:
        print(name, calls[name]())
    except OSError as error:
        print(name, error.strerror)
"""


def outcomes(disk: CountingDisk, place: Path, *calls: str) -> dict[str, str]:
    """Name of each call → what it returned, or why it failed."""
    command = [sys.executable, "-c", _CALLS, str(place), *calls]
    ran = subprocess.run(command, env=disk.variables, capture_output=True, text=True, check=True)
    return dict(line.split(" ", 1) for line in ran.stdout.splitlines())


@pytest.fixture
def place(tmp_path: Path) -> Path:
    made = tmp_path / "root"
    made.mkdir()
    (made / "there").write_bytes(b"")
    return made


def test_every_call_that_changes_a_disk_can_fail(tmp_path: Path, place: Path) -> None:
    disk = CountingDisk(tmp_path, place)
    disk.arm(1, errno.EIO, persistent=True)
    found = outcomes(disk, place)
    assert set(found.values()) == {"Input/output error"}, found
    assert disk.lift() == len(found) == 10


@pytest.mark.parametrize("call", ["write", "writev", "pwrite"])
def test_the_write_that_fills_the_disk_is_cut_short(tmp_path: Path, place: Path, call: str) -> None:
    disk = CountingDisk(tmp_path, place)
    disk.arm(1, errno.ENOSPC, persistent=True)
    assert outcomes(disk, place, call, "fdatasync") == {call: "2", "fdatasync": "No space left on device"}
    assert (place / "there").read_bytes() == b"ab"
    assert disk.lift() == 2
