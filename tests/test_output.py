"""Standard output that can't be written: what was done stays done, and is not told as what failed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving import ROOT
from tests.test_cli import environment, one_line, run


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of one person."""
    made = tmp_path_factory.mktemp("made")
    file = made / "people"
    file.write_bytes(b'{"apelido":"ana","nome":"Ana","nascimento":"1985-09-23"}\n')
    assert run("import", "--data-dir", str(made / "data"), str(file)).returncode == 0
    return made


def shell(place: Path, command: str) -> "subprocess.CompletedProcess[str]":
    """Runs `command`, in which `goseventh` is this one, in `place`."""
    script = f'set -o pipefail; goseventh() {{ {sys.executable} -m goseventh "$@"; }}; {command}'
    return subprocess.run(
        ["bash", "-c", script],
        cwd=place,
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("command", ["verify", "stats", "compact", "backup copy", "import people", "config"])
def test_a_full_disk_behind_standard_output_is_told_and_the_work_is_done(place: Path, command: str) -> None:
    ended = shell(place, f"goseventh {command} > /dev/full")
    assert ended.returncode == 1
    assert one_line(ended.stderr) == (
        "goseventh: standard output can't be written: No space left on device; what was asked for was done\n"
    )
    assert (place / "copy").exists() or "copy" not in command


@pytest.mark.parametrize("command", ["stats", "verify", "strategies"])
def test_who_has_seen_enough_of_a_result_is_told_nothing(place: Path, command: str) -> None:
    ended = shell(place, f"(sleep 0.1; exec {sys.executable} -m goseventh {command}) | true")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_closed_standard_output_is_no_reason_to_fail(place: Path) -> None:
    ended = shell(place, "goseventh verify >&-")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_no_file_takes_the_place_of_a_closed_descriptor(place: Path) -> None:
    """Else what somebody writes to standard error, such as a library, would go into a store's file."""
    program = (
        "import os, sys; from goseventh.__main__ import main; sys.argv = ['goseventh', 'strategies'];"
        "main(); print([os.readlink(f'/proc/self/fd/{number}') for number in (0, 2)], os.open('.', 0))"
    )
    ended = shell(place, f'{sys.executable} -c "{program}" <&- 2>&-')
    assert ended.stdout.splitlines()[-1] == "['/dev/null', '/dev/null'] 3"


def test_a_name_that_is_no_text_comes_out_as_it_is(place: Path) -> None:
    ended = shell(
        place,
        r"cp -r data $'\xff' && goseventh stats --data-dir $'\xff' --json && "
        r"goseventh backup --data-dir $'\xff' $'c\xff' | grep -qaF $'c\xff'",
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_an_interrupt_while_modules_load_is_no_fault() -> None:
    code = (
        "import builtins, sys\n"
        "from goseventh.__main__ import main\n"
        "def load(name, *rest): raise KeyboardInterrupt\n"
        "builtins.__import__ = load\n"
        "sys.exit(main())"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (130, b"")
