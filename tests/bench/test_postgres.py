"""PostgreSQL as a contender: in a directory like the benchmark's own, and gone with whoever started it."""

import io
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from goseventh.bench import whole
from goseventh.bench.corpora import NotAvailable
from goseventh.bench.parts.shape import Cost, Found, Observation, Part, Rig
from goseventh.bench.plan import QUICK, plan
from goseventh.bench.processes.server import NotServing
from goseventh.bench.searching.contenders.postgres import Postgres
from goseventh.bench.searching.contenders.shape import EXACT
from goseventh.bench.searching.texts import Texts
from tests.serving import ROOT, until

pytestmark = pytest.mark.debian("postgres")

HOLD = """
import sys, time
from pathlib import Path
from goseventh.bench.searching.contenders.postgres import Postgres
from goseventh.bench.searching.texts import Texts

held = Postgres(Path(sys.argv[1]), Texts())
print("started", flush=True)
time.sleep(60)
"""


def running_in(directory: Path) -> list[int]:
    """Processes whose working directory is somewhere below this one, as that of every server process is."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(directory):
                found.append(int(process.name))
        except OSError:
            continue
    return found


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """One that another user may reach, as pytest's own is none."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o711)
        yield Path(place)
        for pid in running_in(Path(place)):
            os.kill(pid, signal.SIGKILL)


def test_a_killed_benchmark_leaves_no_server_of_it(open_directory: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(open_directory)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(open_directory)},
        stdout=subprocess.PIPE,
        text=True,
    ) as holding:
        assert holding.stdout is not None
        assert holding.stdout.readline() == "started\n"
        assert len(running_in(open_directory)) > 1
        holding.send_signal(signal.SIGKILL)
        holding.wait()
    until(lambda: not running_in(open_directory))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can't be whom PostgreSQL runs as")
def test_where_it_may_not_be_it_says_why(open_directory: Path) -> None:
    closed = open_directory / "closed"
    inner = closed / "inner"
    inner.mkdir(parents=True)
    closed.chmod(0o700)
    with pytest.raises(NotAvailable, match=r"Permission denied"):
        Postgres(inner, Texts())


def test_a_server_that_dies_is_told_in_a_sentence(open_directory: Path) -> None:
    started = Postgres(open_directory, Texts())
    search = started.ways[EXACT]
    assert search("nobody", 50) == []
    servers = running_in(open_directory)
    assert len(servers) > 1
    for pid in servers:
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(NotServing, match="PostgreSQL: "):
        search("nobody", 50)
    started.close()
    assert running_in(open_directory) == []


def test_it_runs_in_the_place_of_a_whole_benchmark(
    open_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root can't be whom PostgreSQL runs as: then it is another, in a directory that root made.

    That has a path as `--out` mostly has: relative.
    """

    def measure(rig: Rig) -> Iterator[Found]:
        place = rig.place / "postgresql"
        place.mkdir()
        started = Postgres(place, Texts())
        yield Observation("index", "bytes", "lower", {}, 1.0)
        started.close()

    part = Part("search", "whether it starts", lambda _: Cost(1.0, 1), measure)
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.chdir(open_directory)
    assert whole.run(plan(QUICK, out="report"), [part], out, err) == whole.PASSED, out.getvalue()
