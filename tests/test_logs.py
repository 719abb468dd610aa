"""What is logged, in both forms, and the id by which a request is found in it."""

import json
import logging
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from goseventh import logs
from goseventh.app import Problems
from tests.serving import Server, until

ID = {"X-Request-ID": "order-66/a:b@c=1+2"}


@pytest.fixture(scope="module")
def logging_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("logging") / "data"
    with Server(place, "--log-format", "json", "--access-log", "on") as running:
        yield running


def entries(server: Server) -> list[Any]:
    return [orjson.loads(line) for line in server.errors().splitlines()]


def test_an_access_log_has_a_line_for_every_answer(logging_server: Server) -> None:
    reply = logging_server.request("GET", "/pessoas?t=secret", None, **ID)
    logging_server.talk(b"GET / HTTP/1.1\r\nbad head\r\n\r\n")
    found = until(lambda: entries(logging_server) if len(entries(logging_server)) >= 2 else None)
    asked, broken = found[0], found[1]
    assert reply.headers["X-Request-ID"] == ID["X-Request-ID"]
    assert asked["request_id"] == ID["X-Request-ID"]
    assert (asked["method"], asked["path"], asked["status"]) == ("GET", "/pessoas", 200)
    assert (asked["bytes"], asked["client"], asked["level"]) == (2, "127.0.0.1", "info")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", asked["time"])
    assert asked["milliseconds"] > 0
    assert (broken["status"], broken["path"]) == (400, "*")  # no path could be read
    assert "secret" not in logging_server.errors()


def test_whoever_names_no_request_is_told_its_name_where_answers_are_logged(logging_server: Server) -> None:
    given = logging_server.request("GET", "/health").headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{16}", given)
    until(lambda: any(entry.get("request_id") == given for entry in entries(logging_server)))


@pytest.mark.parametrize("insane", ["", "a b", "x" * 129, "é", 'quote"', "a,b"])
def test_a_name_that_no_log_should_hold_is_replaced(logging_server: Server, insane: str) -> None:
    raw = b"GET /health HTTP/1.1\r\nHost: x\r\nX-Request-ID: %b\r\n\r\n" % insane.encode("latin-1")
    [given] = re.findall(rb"X-Request-ID: (.*?)\r\n", logging_server.talk(raw))
    assert re.fullmatch(rb"[0-9a-f]{16}", given)


def test_by_default_nothing_is_logged_and_only_a_named_request_hears_its_name(shared_server: Server) -> None:
    assert shared_server.request("GET", "/health").headers["X-Request-ID"] is None
    assert shared_server.request("GET", "/nowhere", None, **ID).headers["X-Request-ID"] == ID["X-Request-ID"]
    assert shared_server.errors() == ""


@pytest.mark.parametrize("form", [logs.PLAIN, logs.JSON])
def test_an_error_that_nobody_foresaw_is_logged_under_the_request_s_id(
    form: str, caplog: pytest.LogCaptureFixture
) -> None:
    request: Any = SimpleNamespace(ctx=SimpleNamespace(id="order-66"), path="/pessoas")
    answer = Problems().response(request, RuntimeError("a defect"))
    assert answer.status == 500
    [record] = caplog.records
    line = logs.formatter(form).format(record)
    assert "RuntimeError: a defect" in line
    if form == logs.JSON:
        assert orjson.loads(line)["request_id"] == "order-66"
        assert orjson.loads(line)["level"] == "error"
    else:
        assert line.splitlines()[0] == "ERROR: an error that nobody foresaw [order-66]"


def test_json_is_a_line_whatever_is_logged() -> None:
    record = logging.makeLogRecord({"msg": 'two\nlines of "%s"', "args": (b"\xff",), "levelname": "INFO"})
    line = logs.formatter(logs.JSON).format(record)
    assert "\n" not in line
    assert orjson.loads(line)["message"] == "two\nlines of \"b'\\xff'\""


def test_json_is_a_line_also_of_what_is_no_utf_8() -> None:
    record = logging.makeLogRecord(
        {"msg": "the file \udcff", "levelname": "INFO", "fields": {"path": "\udcfe"}}
    )
    found = json.loads(logs.formatter(logs.JSON).format(record))
    assert (found["message"], found["path"]) == ("the file \udcff", "\udcfe")


def test_a_server_s_own_messages_take_the_form_too(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--log-format", "json") as server:
        before = server.workers()
        os.kill(min(before), signal.SIGKILL)
        server.wait_for_workers(1, before)
        [entry] = until(lambda: entries(server))
    assert (entry["level"], entry["logger"]) == ("warning", "goseventh")
    assert "starting another" in entry["message"]
