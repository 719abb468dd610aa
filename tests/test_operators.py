"""Operators' pages: what they say, and who may see them."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from goseventh import __version__, operators, settings
from goseventh.operators import Guard
from goseventh.versions import versions
from storage.store import MAP_SIZE
from storage.strategies.table import Strategy
from tests.serving import Reply, Server, until
from tests.test_cli import run

TOKEN = "a-token.of_the~operators+0/=="
PAGES = ["/stats", "/metrics"]


def ask(server: Server, page: str, authorization: str | None = None, method: str = "GET") -> Reply:
    headers = {} if authorization is None else {"Authorization": authorization}
    return server.request(method, page, None, **headers)


def test_stats_say_what_runs_since_when_and_what_it_promises(server: Server) -> None:
    assert server.create().status == 201
    first = ask(server, "/stats").json
    assert first["version"] == __version__
    assert first["strategy"] == settings.ROWS[0].name
    assert first["promise"] == settings.ROWS[0].promise
    assert (first["people"], first["workers"]) == (1, 2)
    assert first["store"]["kind"] == "embedded"
    assert first["store"]["people"] == first["store"]["segments"] == 1
    assert 0 < first["store"]["used"] < first["store"]["map"] == MAP_SIZE
    [created] = first["requests"]
    assert (created["method"], created["path"], created["statuses"]) == ("POST", "/pessoas", {"201": 1})
    assert sum(created["latency"]) == 1
    assert len(created["latency"]) == len(first["latency_bounds"]) + 1
    until(lambda: ask(server, "/stats").json["uptime_seconds"] > first["uptime_seconds"])


@pytest.mark.parametrize("strategy", settings.ROWS, ids=lambda row: row.name)
def test_stats_know_every_strategy(tmp_path: Path, strategy: Strategy) -> None:
    with Server(tmp_path / "data", "--strategy", strategy.name) as server:
        found = ask(server, "/stats").json
    assert (found["strategy"], found["promise"]) == (strategy.name, strategy.promise)


@pytest.mark.parametrize("page", PAGES)
def test_with_a_token_only_its_bearer_gets_in(tmp_path: Path, page: str) -> None:
    with Server(tmp_path / "data", GOSEVENTH_ADMIN_TOKEN=TOKEN) as server:
        for right in (f"Bearer {TOKEN}", f"bearer {TOKEN}", f"BEARER   {TOKEN} "):
            assert ask(server, page, right).status == 200
            assert ask(server, page, right, "HEAD").status == 200
        for wrong in (
            None,
            "",
            "Bearer",
            "Bearer ",
            TOKEN,
            f"Basic {TOKEN}",
            f"Bearer {TOKEN[:-1]}",
            f"Bearer {TOKEN}x",
            f"Bearer {TOKEN.upper()}",
            f"Bearer {TOKEN}, Bearer {TOKEN}",
            "Bearer é",
            "Bearer \x80\xff",
        ):
            refused = ask(server, page, wrong)
            assert refused.status == 401, wrong
            assert refused.headers["WWW-Authenticate"] == "Bearer"
            assert refused.headers["Content-Type"] == "application/problem+json"
            assert TOKEN not in refused.body.decode() + str(refused.headers)
        twice = b"GET %b HTTP/1.1\r\nHost: x\r\n%b\r\n" % (
            page.encode(),
            b"Authorization: Bearer %b\r\n" % TOKEN.encode() * 2,
        )
        assert server.talk(twice).startswith(b"HTTP/1.1 401 ")
        # Everybody else's pages ask for nothing.
        assert ask(server, "/contagem-pessoas").status == 200
        assert server.errors() == ""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that listens on every address, this machine's own among them, and has no token."""
    with Server(tmp_path_factory.mktemp("elsewhere") / "data", "--host", "0.0.0.0") as running:
        yield running


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE"])
def test_from_elsewhere_without_a_token_there_is_no_such_page(
    elsewhere: Server, page: str, method: str
) -> None:
    found, nothing = (ask(elsewhere, path, f"Bearer {TOKEN}", method) for path in (page, "/nowhere"))
    assert (found.status, found.body) == (404, nothing.body)


def test_the_loopback_of_ipv6_is_no_elsewhere(tmp_path: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("needs IPv6")
    with Server(tmp_path / "one", "--host", "::1") as server:
        assert ask(server, "/stats").status == 200
    with Server(tmp_path / "all", "--host", "::") as server:
        assert ask(server, "/contagem-pessoas").status == 200
        assert ask(server, "/stats").status == 404


def test_from_elsewhere_a_token_gets_in(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--host", "0.0.0.0", "--admin-token", TOKEN) as server:
        assert ask(server, "/stats", f"Bearer {TOKEN}").status == 200
        assert ask(server, "/stats").status == 401


@pytest.mark.parametrize(
    ("token", "address", "lets"),
    [
        (None, "127.0.0.1", True),
        (None, "127.8.9.10", True),
        (None, "::1", True),
        (None, "0.0.0.0", False),
        (None, "::", False),
        (None, "192.0.2.1", False),
        (None, "fe80::1%eth0", False),
        (None, "2001:db8::1", False),
        (TOKEN, "0.0.0.0", True),
        (TOKEN, "::", True),
        (TOKEN, "127.0.0.1", True),
    ],
)
def test_there_are_pages_where_somebody_may_see_them(token: str | None, address: str, lets: bool) -> None:
    assert Guard(token, address).lets_somebody_in is lets


def test_every_page_is_tried_here() -> None:
    source = Path(operators.__file__).read_text()
    assert source.count(".add(app, ") == source.count(".add(app, guard.protect(") == len(PAGES)


def test_the_command_says_the_same_and_no_more_of_the_strategy_than_it_knows(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--strategy", "per-request") as server:
        assert server.create().status == 201
        shown = ask(server, "/stats").json
        ended = run("stats", "--json", "--data-dir", str(tmp_path / "data"))
    found = json.loads(ended.stdout)
    assert found["people"] == 1
    for name, version in versions().items():
        assert found[name] == shown[name] == version
    assert "strategy" not in found
    assert found["would_serve"]["strategy"] == settings.ROWS[0].name != shown["strategy"]
    table = run("stats", "--data-dir", str(tmp_path / "data")).stdout
    assert f"would serve strategy     {settings.ROWS[0].name}\n" in table
