"""That a benchmark goes on, and keeps its exit code, whatever becomes of what it prints."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from goseventh.bench.heard import UNHEARD
from goseventh.bench.results import dump
from tests.serving import ROOT

from .sample import results


@pytest.fixture(params=[(1.0, 0), (0.5, 1)], ids=["alike", "slower"])
def compared(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[list[str], int]:
    """A comparison of two runs, and its exit code."""
    slower, code = request.param
    for name, one in (("A", results()), ("B", results(slower=slower))):
        (tmp_path / name).write_bytes(dump(one))
    program = [sys.executable, "-m", "goseventh", "bench", "compare"]
    return [*program, str(tmp_path / "A"), str(tmp_path / "B")], code


def ran(command: list[str], **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=ROOT, text=True, check=False, **options)


def test_a_comparison_that_nobody_reads_keeps_its_exit_code(compared: tuple[list[str], int]) -> None:
    reading, writing = os.pipe()
    os.close(reading)  # before a word is written, as of a reader who left long ago
    command, code = compared
    told = ran(command, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (told.returncode, told.stderr) == (code, "")


def test_a_comparison_that_can_t_be_written_is_no_success_nor_a_failure(
    compared: tuple[list[str], int],
) -> None:
    command, code = compared
    with open("/dev/full", "w") as full:
        told = ran(command, stdout=full, stderr=subprocess.PIPE)
        assert told.returncode == (code or UNHEARD)
        assert told.stderr == "goseventh: standard output can't be written: No space left on device\n"
        assert ran(command, stdout=subprocess.DEVNULL, stderr=full).returncode == code


def test_one_without_any_output_has_its_exit_code(compared: tuple[list[str], int]) -> None:
    command, code = compared
    closed = ["sh", "-c", 'exec "$@" >&- 2>&-', "sh", *command]
    assert ran(closed).returncode == code


def test_letters_that_a_terminal_has_not_are_replaced(compared: tuple[list[str], int]) -> None:
    command, code = compared
    told = ran(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (told.returncode, told.stderr, "?" in told.stdout) == (code, "", True)
