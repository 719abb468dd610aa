"""What Prometheus is told: right over several workers and one that died, and by its own tools' account."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from goseventh import __version__, metrics
from goseventh.tally import Tally
from tests.serving import ROOT, Reply, Server, ask, until

MONITORING = ROOT / "deploy" / "monitoring"


def samples(reply: Reply) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(reply.body.decode())
        for sample in family.samples
    }


def value(server: Server, name: str, **labels: str) -> float:
    return samples(server.request("GET", "/metrics")).get((f"goseventh_{name}", frozenset(labels.items())), 0)


def test_each_worker_tells_of_all_and_of_those_who_died(server: Server) -> None:
    route = {"method": "GET", "route": "/contagem-pessoas"}
    for _ in range(40):
        server.count()
    # Connections are shared out by a hash: ask until both workers were seen to answer.
    assert {value(server, "requests_total", **route, status="200") for _ in range(20)} == {40}
    before = server.workers()
    os.kill(min(before), signal.SIGKILL)
    server.wait_for_workers(2, {min(before)})
    until(lambda: value(server, "workers") == 2)
    assert {value(server, "requests_total", **route, status="200") for _ in range(20)} == {40}
    assert value(server, "worker_restarts_total") == 1


def test_what_alerts_look_for_is_told_before_it_happens(server: Server) -> None:
    found = samples(server.request("GET", "/metrics"))
    for status in ("500", "503", "507"):
        for labels in ({"method": "POST", "route": "/pessoas"}, {"method": "other", "route": "other"}):
            key = frozenset((labels | {"status": status}).items())
            assert found["goseventh_requests_total", key] == 0


def test_what_the_workers_share_is_told_where_the_store_can_not_be_read() -> None:
    found = {metric.name for metric in metrics.collect(Tally(1), (), "group-commit", 0.0)}
    assert {"goseventh_requests", "goseventh_queue_people", "goseventh_workers"} <= found
    assert "goseventh_people" not in found


def test_what_is_counted(server: Server) -> None:
    for number in range(3):
        assert server.create(apelido=f"n{number}").status == 201
    assert server.create(apelido="n0").status == 422
    for path in ("/pessoas?t=n1", "/pessoas?t=n1&fuzzy=1", "/pessoas/nobody", "/nowhere"):
        server.request("GET", path)
    server.talk(b"GET / HTTP/1.1\r\nbad head\r\n\r\n")
    created = {"method": "POST", "route": "/pessoas"}
    assert value(server, "requests_total", **created, status="201") == 3
    assert value(server, "requests_total", **created, status="422") == 1
    assert value(server, "request_seconds_count", **created) == 4
    assert value(server, "request_seconds_bucket", **created, le="+Inf") == 4
    assert 0 < value(server, "request_seconds_sum", **created) < 60
    assert value(server, "requests_total", method="GET", route="/pessoas/{key}", status="404") == 1
    assert value(server, "requests_total", method="other", route="other", status="404") == 1
    assert value(server, "requests_total", method="other", route="other", status="400") == 1
    assert value(server, "search_seconds_count", kind="exact") == 1
    assert value(server, "search_seconds_count", kind="fuzzy") == 1
    assert value(server, "people") == 3
    assert value(server, "store_answers") == 1
    assert value(server, "segments") >= 1
    assert value(server, "group_people_count") == 4
    assert value(server, "group_people_sum") == 4
    assert value(server, "commit_seconds_count") >= 3
    assert value(server, "map_used_bytes") >= 10 * 4096
    assert value(server, "map_used_bytes") + value(server, "map_free_bytes") == 64 << 30
    assert 0 < value(server, "reader_slots_used") <= value(server, "reader_slots")
    assert value(server, "build_info", version=__version__, strategy="group-commit") == 1
    assert abs(value(server, "start_time_seconds") - time.time()) < 600


@pytest.mark.parametrize("strategy", ["per-request", "write-behind", "memory-queue"])
def test_every_strategy_is_watched(tmp_path: Path, strategy: str) -> None:
    with Server(tmp_path / "data", "--strategy", strategy) as server:
        assert server.create().status == 201
        until(lambda: value(server, "commit_seconds_count") and value(server, "group_people_sum") == 1)


def test_what_waits_and_who_is_connected(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--emulate-flush-ms", "3000", "--strategy", "per-request") as server:
        idle = server.connect()
        ask(idle, "GET", "/health")
        others = [server.connect() for _ in range(3)]
        for number, one in enumerate(others):
            body = json.dumps({"apelido": f"n{number}", "nome": "Ana", "nascimento": "2000-10-01"})
            one.request("POST", "/pessoas", body)
        until(lambda: value(server, "queue_people") == 2)
        assert value(server, "connections") == 5  # the scrape's own among them
        server.stop(signal.SIGKILL)
        for one in (idle, *others):
            one.close()


def test_whoever_was_one_too_many_is_counted(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--max-connections", "1") as server:
        with closing(server.connect()) as held:
            held.connect()
            until(lambda: server.request("GET", "/health").status == 200)  # one of the two has to go
        until(
            lambda: (
                (reply := server.request("GET", "/metrics")).status == 200
                and samples(reply)["goseventh_connections_shed_total", frozenset()] >= 1
            )
        )


def test_openmetrics_is_spoken_to_whoever_asks(shared_server: Server) -> None:
    reply = shared_server.request("GET", "/metrics", None, Accept="application/openmetrics-text")
    assert reply.headers["Content-Type"].startswith("application/openmetrics-text")
    assert reply.body.endswith(b"# EOF\n")


@pytest.mark.debian("promtool")
def test_promtool_finds_no_fault(shared_server: Server) -> None:
    checks: list[tuple[list[str], bytes]] = [
        (["check", "metrics"], shared_server.request("GET", "/metrics").body),
        (["check", "config", "prometheus.yml"], b""),
        (["check", "rules", "alerts.yml"], b""),
        (["test", "rules", "alerts_test.yml"], b""),
    ]
    for arguments, given in checks:
        ran = subprocess.run(
            ["promtool", *arguments], cwd=MONITORING, input=given, capture_output=True, check=False
        )
        assert (ran.returncode, ran.stderr) == (0, b""), (arguments, ran.stdout, ran.stderr)


def test_every_alert_is_seen_to_fire_and_not_to_fire() -> None:
    [group] = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    cases = yaml.safe_load((MONITORING / "alerts_test.yml").read_text())["tests"]
    seen = {(one["alertname"], bool(one["exp_alerts"])) for case in cases for one in case["alert_rule_test"]}
    assert seen == {(rule["alert"], fires) for rule in group["rules"] for fires in (False, True)}


@pytest.mark.debian("prometheus")
def test_a_real_prometheus_scrapes_it_and_the_dashboard_s_questions_have_answers(
    tmp_path: Path, shared_server: Server
) -> None:
    config = (MONITORING / "prometheus.yml").read_text()
    config = config.replace("127.0.0.1:9999", f"127.0.0.1:{shared_server.port}").replace("15s", "1s")
    (tmp_path / "prometheus.yml").write_text(config)
    shutil.copy(MONITORING / "alerts.yml", tmp_path)
    shared_server.create(apelido="scraped")
    shared_server.request("GET", "/pessoas?t=scraped")
    shared_server.request("GET", "/pessoas?t=scraped&fuzzy=1")
    port = _free_port()
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={tmp_path / 'prometheus.yml'}",
                f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stderr=log,
        )
    try:
        until(lambda: _answer(port, "goseventh_people"))
        [people] = _answer(port, "goseventh_people")
        assert int(people["value"][1]) == shared_server.count()
        [up] = _answer(port, 'up{job="goseventh"}')
        assert up["value"][1] == "1"
        for expression in _expressions():
            until(partial(_answer, port, expression))
        until(lambda: all(rule["health"] == "ok" for rule in _rules(port)))
        assert {rule["state"] for rule in _rules(port)} == {"inactive"}
    finally:
        running.terminate()
        running.wait(20)


def _rules(port: int) -> list[Any]:
    [group] = json.loads(_get(port, "/api/v1/rules"))["data"]["groups"]
    found: list[Any] = group["rules"]
    return found


def _expressions() -> list[str]:
    """All that the dashboard asks, as Grafana would put it."""
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    return [
        target["expr"].replace("$__rate_interval", "1m").replace("$instance", ".*")
        for panel in panels
        for target in panel["targets"]
    ]


def _answer(port: int, expression: str) -> list[Any]:
    reply = json.loads(_get(port, f"/api/v1/query?query={quote(expression)}") or b"{}")
    assert reply.get("status") != "error", reply
    found: list[Any] = reply.get("data", {}).get("result", [])
    return found


def _get(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        body = reply.read()
        return b"" if reply.status == 503 else body
    except ConnectionRefusedError:  # it has yet to begin
        return b""
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
