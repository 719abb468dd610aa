"""Whole runs of the search benchmark: real stores, files and servers, of few people."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from goseventh.bench.parts.search import alone
from goseventh.bench.searching.contenders import postgres, table
from goseventh.bench.searching.contenders.scan import Scan
from goseventh.bench.searching.contenders.shape import EXACT
from goseventh.bench.searching.contenders.table import GOSEVENTH
from goseventh.bench.searching.options import Options
from goseventh.bench.searching.search import FAILED, INTERRUPTED, PASSED, REFUSED, run
from goseventh.bench.searching.texts import Texts
from goseventh.cli import main
from storage.records import Record
from tests.serving import ROOT, until

CORPORA = ["brazilian", "cyrillic"]  # the other tests have the tournament's
HERE = [name for name in table.TABLE if name != "postgresql"]


def go(tmp_path: Path, **options: Any) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    place = tmp_path / "build"
    place.mkdir(exist_ok=True)
    usual: dict[str, Any] = {
        "sizes": [2_000], "corpora": ["tournament"], "contenders": HERE, "seconds": 0.01, "directory": place,
        "creations": 640, "crowded_seconds": 0.5,
    }  # fmt: skip
    code = run(Options(**usual | options), out, err)
    assert list(place.iterdir()) == []
    return code, out.getvalue(), err.getvalue()


def test_a_whole_run_agrees_and_tells_all(tmp_path: Path) -> None:
    code, out, err = go(tmp_path, sizes=[500, 2_000], corpora=CORPORA, json=tmp_path / "results.json")
    assert (code, err) == (PASSED, ""), out + err
    results = json.loads((tmp_path / "results.json").read_bytes())
    assert results["passed"] is results["complete"] is True
    assert [(one["corpus"], one["people"]) for one in results["runs"]] == [
        (corpus, size) for corpus in CORPORA for size in (500, 2_000)
    ]
    for one in results["runs"]:
        assert list(one["contenders"]) == HERE
        for about in one["contenders"].values():
            assert about["build_seconds"] > 0
        assert one["contenders"]["sqlite"]["index_bytes"] > one["text_bytes"]
        assert one["contenders"][GOSEVENTH]["index_bytes"] >= one["text_bytes"]
        for name, kind in one["kinds"].items():
            assert list(kind["contenders"]) == ([GOSEVENTH] if name == "fuzzy" else HERE)
            for took in kind["contenders"].values():
                assert took["times"] >= len(kind["terms"])
                assert 0 < took["median"] <= took["p99"] <= took["max"]
        assert ("growth" in one) == ("crowded" in one) == (one["people"] == 2_000)
    last = results["runs"][-1]
    assert last["growth"]["ratio"] > 0
    assert last["crowded"]["searches"].keys() == {"200"}
    assert last["crowded"]["memory"]["pss"] >= last["crowded"]["memory"]["pss_anonymous"] > 0
    told = {(one.name, *one.where.values()): one.value for one in alone(last)}
    assert (
        told["reads, p99", GOSEVENTH, 2_000, "searched without a pause"] == last["crowded"]["searched"]["p99"]
    )
    assert told["creations", GOSEVENTH, 0] == last["growth"]["empty_per_second"]
    assert list(alone(results["runs"][0])) == []  # only the largest store is asked alone
    assert out.splitlines()[0].startswith("Builds stores of 500, 2,000 people (brazilian, cyrillic)")
    assert "Writes about" in out
    assert out.count("| term | goseventh | bytes.find | stringzilla | sqlite |") == 4
    assert "which FTS5 can't find, by LIKE" in out
    assert out.endswith("Every contender found the same people for every term.\n")


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that other users can reach, as pytest's are not: PostgreSQL's server refuses to be root."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o711)
        yield Path(made)


@pytest.mark.debian("postgres")
def test_postgresql_agrees_too(place: Path) -> None:
    code, out, err = go(
        place, contenders=["stringzilla", "postgresql"], corpora=["brazilian"], json=place / "r.json"
    )
    assert (code, err) == (PASSED, ""), out + err
    [one] = json.loads((place / "r.json").read_bytes())["runs"]
    assert one["contenders"]["postgresql"]["index_bytes"] > 0
    assert all(kind["contenders"]["postgresql"]["median"] > 0 for kind in one["kinds"].values())


def test_a_server_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "find_programs", lambda: None)
    code, out, err = go(tmp_path, contenders=["stringzilla", "postgresql"])
    assert (code, err) == (PASSED, "")
    assert "- postgresql: not available: no server is installed: apt install postgresql." in out
    row = next(line for line in out.splitlines() if line.startswith("| absent"))
    assert row.endswith("| not available |")


class Liar(Scan):
    """Keeps one person of one term to itself."""

    def __init__(self, texts: Texts) -> None:
        super().__init__(texts, bytearray.find, "a liar")
        honest = self.ways[EXACT]

        def search(term: str, limit: int) -> list[int]:
            found: list[int] = honest(term, limit)
            return found[:-1] if term == "Quetzalcóatl" else found

        self.ways = {EXACT: search}


def test_who_finds_other_people_is_caught(tmp_path: Path) -> None:
    known = {**table.TABLE, "liar": lambda directory, texts: Liar(texts)}
    code, out, _ = go(
        tmp_path, contenders=[GOSEVENTH, "liar", "sqlite"], known=known, json=tmp_path / "results.json"
    )
    assert code == FAILED
    results = json.loads((tmp_path / "results.json").read_bytes())
    assert results["passed"] is False
    [fault] = results["faults"]
    assert "spread 'Quetzalcóatl': goseventh finds 50 people" in fault
    assert "liar 49 people" in fault
    assert out.endswith("FAILED: these answers differ.\n")


class Leaver(Scan):
    """Is interrupted while the larger store is built."""

    def __init__(self, directory: Path, texts: Texts) -> None:
        super().__init__(texts, bytearray.find, "a leaver")
        self._leaves = directory.parent.name.endswith("-600")

    def add(self, first: int, batch: Sequence[Record]) -> None:
        if self._leaves:
            raise KeyboardInterrupt


def test_an_interrupt_keeps_what_was_measured(tmp_path: Path) -> None:
    json_file = tmp_path / "results.json"
    code, _, err = go(
        tmp_path, sizes=[500, 600], contenders=["leaver"], known={"leaver": Leaver}, json=json_file
    )
    assert (code, err) == (INTERRUPTED, "goseventh bench: interrupted; no store is left behind\n")
    results = json.loads(json_file.read_bytes())
    assert results["complete"] is False
    assert [one["people"] for one in results["runs"]] == [500]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"seconds": 0.0}, "--seconds 0: must be more than 0, and at most 60"),
        ({"seconds": 1e9}, "--seconds 1e+09: must be more than 0, and at most 60"),
        ({"json": Path("/nowhere/results.json")}, "--json /nowhere/results.json: No such file or directory"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_line(
    tmp_path: Path, options: dict[str, Any], line: str
) -> None:
    code, out, err = go(tmp_path, **options)
    assert (code, out, err) == (REFUSED, "", f"goseventh bench: {line}\n")


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (["--sizes", "10x"], "--sizes 10x: must be numbers from 100 to 20,000,000, such as 10k,100k,1M"),
        (["--sizes", "30M"], "--sizes 30M: must be"),
        (["--contenders", "oracle"], "--contenders oracle: must be some of goseventh,bytes.find,stringzilla"),
        (["--corpora", ""], "--corpora : must be some of tournament,brazilian,cyrillic"),
        (["--dir", "/nowhere"], "--dir /nowhere: must be a directory that can be written"),
    ],
)
def test_wrong_flags_are_told_in_one_line(
    flags: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "search", *flags]) == REFUSED
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert line in err


def test_more_than_the_disk_holds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1 << 20)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    code, out, err = go(tmp_path, sizes=[1_000_000])
    assert (code, out) == (REFUSED, "")
    assert "has 0.0 GiB left, and " in err


@pytest.mark.parametrize("contenders", [f"{GOSEVENTH},sqlite", "postgresql"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.debian("postgres")
def test_interrupted_it_leaves_nothing(place: Path, number: signal.Signals, contenders: str) -> None:
    command = [
        sys.executable,
        "-m",
        "goseventh",
        "bench",
        "search",
        "--sizes",
        "200k",
        "--dir",
        str(place),
    ]
    with subprocess.Popen(
        [*command, "--corpora", "tournament", "--contenders", contenders],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(place)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as ran:
        until(lambda: any(place.glob("**/people.db")) or any(place.glob("**/postmaster.pid")))
        os.killpg(ran.pid, number)
        out, err = ran.communicate(timeout=20)
    assert (ran.returncode, err) == (
        INTERRUPTED,
        "goseventh bench: interrupted; no store is left behind\n",
    ), out
    assert list(place.iterdir()) == []
