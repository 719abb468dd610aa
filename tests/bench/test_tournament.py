"""Whole runs on real sockets: what a right server gets, and what is refused before anything is sent."""

import io
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from goseventh.bench.open_load.tournament import FAILED, PASSED, REFUSED, Options, run
from tests.serving import Server

from .runs import PLAN, SEED, go
from .stub import Stub


def test_a_right_server_passes(tmp_path: Path) -> None:
    with Stub() as stub:
        code, out, err = go(stub, json=tmp_path / "results.json")
        stored = len(stub.people)
    assert (code, err) == (PASSED, ""), out + err
    results = json.loads((tmp_path / "results.json").read_bytes())
    assert results["people"] == {"before": 0, "after": stored, "expected": stored, "stored": stored}
    assert results["passed"] is True
    assert results["faults"] == []
    kinds = results["kinds"]
    assert {kind: row["sent"] for kind, row in kinds.items()} == {
        "create": 400, "read": stored, "search": 150, "search without term": 20,
    }  # fmt: skip
    assert all(row["p50"] <= row["p75"] <= row["p99"] <= row["max"] for row in kinds.values())
    assert sum(point["answered"] for point in results["series"]) == 570 + stored
    assert "Sends 570 requests" in out.splitlines()[0]
    assert f"{stored:,} stored of {stored:,} that should be" in out
    assert "every person stored, every answer right" in out


def test_a_server_gone_before_the_end_still_gets_its_report() -> None:
    class CannotCount(Stub):
        def count(self) -> int:
            if self.people:
                raise ConnectionError
            return 0

    with CannotCount() as stub:
        code, out, err = go(stub)
    assert code == FAILED
    assert "people not counted, 0 wrong answers, 0 missing" in out
    assert err.startswith("goseventh bench: the people could not be counted after the run")


def test_refuses_a_store_that_is_not_empty_unless_told_to_append() -> None:
    with Stub() as stub:
        assert go(stub)[0] == PASSED
        first = dict(stub.people)
        code, out, err = go(stub)
        assert (code, out, stub.people) == (REFUSED, "", first)
        assert err.count("\n") == 1
        assert f"already holds {len(first):,} people" in err
        code, out, _ = go(stub, append=True)
        assert code == PASSED, out
        assert len(stub.people) == 2 * len(first)


def test_the_server_itself_passes(server: Server) -> None:
    code, out, err = go(f"http://127.0.0.1:{server.port}")
    assert (code, err) == (PASSED, ""), out
    assert "Passed     every person stored, every answer right" in out


def unbound() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"url": unbound()}, "no server at http://127.0.0.1:"),
        ({"url": "https://127.0.0.1:9999"}, "https://127.0.0.1:9999 is no URL like http://"),
        ({"url": "http://127.0.0.1:99999"}, "is no URL: Port out of range"),
        ({"url": "nonsense"}, "nonsense is no URL like http://"),
        ({"url": "http://a b/"}, "http://a b/ is no URL like http://"),
        ({"url": "http://a..b:80"}, "http://a..b:80 is no URL: "),
        ({"url": f"http://{'a' * 70}"}, "is no URL: "),
        ({"url": "http://me@127.0.0.1:9999"}, "is no URL like http://"),
        ({"url": "http://127.0.0.1:0"}, "is no URL like http://"),
        ({"url": "http://127.0.0.1:9999#people"}, "is no URL like http://"),
        ({"speed": 0.0}, "--speed 0: must be more than 0"),
        ({"speed": float("nan")}, "--speed nan: must be more than 0"),
        ({"json": Path("/nowhere/results.json")}, "--json /nowhere/results.json: No such file or directory"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_line(options: dict[str, Any], line: str) -> None:
    with Stub() as stub:
        code, out, err = go(stub, **options)
        assert stub.people == {}
    assert (code, out, err.count("\n")) == (REFUSED, "", 1)
    assert line in err


def test_what_answers_but_is_no_such_server_is_refused() -> None:
    class Elsewhere(Stub):
        def count(self) -> int:
            return -1

    with Elsewhere() as stub:
        code, _, err = go(stub)
    assert code == REFUSED
    assert "/contagem-pessoas answers 200 and no number" in err


def test_a_terminal_sees_progress_and_a_pipe_does_not() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    err = Terminal()
    with Stub() as stub:
        assert run(Options(url=stub.url, seed=SEED, plan=PLAN, speed=2.0), io.StringIO(), err) == PASSED
        assert "sent, 0 waiting" in err.getvalue()
        assert go(stub, append=True)[2] == ""
