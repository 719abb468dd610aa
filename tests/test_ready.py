"""/ready: whether people can be created, and why not."""

import errno
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage import layout
from storage.errors import Busy, Full
from storage.store import Store
from storage.strategies.table import TABLE, Strategy
from tests.serving import Reply, Server, until
from tests.storage.disk import FaultyDisk

LARGE = ["x" * 32] * 1500


def assert_not_ready(reply: Reply, reason: str) -> None:
    assert reply.status == 503
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.headers["Retry-After"] == "1"
    assert reply.json["detail"] == f"Not ready: {reason}."


def test_a_server_that_serves_is_ready(shared_server: Server) -> None:
    reply = shared_server.request("GET", "/ready")
    assert (reply.status, reply.json) == (200, {"status": "ready"})
    assert shared_server.request("HEAD", "/ready").status == 200


def test_a_full_map_is_not_ready_for_a_while_and_health_goes_on(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--map-size", "1MiB") as server:
        until(lambda: server.create(apelido=f"p{server.count()}", stack=LARGE).status == 507)
        assert_not_ready(server.request("GET", "/ready"), "the store has reached its map size")
        assert server.request("GET", "/health").status == 200
        # Who is told to stay away finds out in time that there is room again.
        until(lambda: server.request("GET", "/ready").status == 200)


@pytest.mark.debian("cc")
@pytest.mark.parametrize("strategy", ["group-commit", "write-behind"])
def test_a_full_disk_is_not_ready_until_somebody_was_written(tmp_path: Path, strategy: str) -> None:
    disk = FaultyDisk(tmp_path)
    with Server(tmp_path / "data", "--strategy", strategy, workers=1, **disk.variables) as server:
        with disk.failing("write", errno.ENOSPC):
            until(lambda: server.create(apelido="bia").status == 507)
            assert_not_ready(server.request("GET", "/ready"), "the disk is full")
        until(lambda: server.create(apelido="eva").status == 201)
        until(lambda: server.request("GET", "/ready").status == 200)


def test_a_full_queue_is_not_ready(tmp_path: Path) -> None:
    with (
        Server(tmp_path / "data", "--max-queue", "2", "--emulate-flush-ms", "1000") as server,
        ThreadPoolExecutor(8) as clients,
    ):
        replies = [clients.submit(server.create, apelido=f"p{number}") for number in range(8)]
        seen = until(lambda: found if (found := server.request("GET", "/ready")).status == 503 else None)
        assert_not_ready(seen, "too many creations are waiting")
        assert {reply.result().status for reply in replies} == {201, 503}
        assert server.request("GET", "/ready").status == 200


@pytest.mark.parametrize("strategy", TABLE, ids=lambda row: row.name)
def test_every_strategy_says_why_it_takes_nobody(tmp_path: Path, strategy: Strategy) -> None:
    place = tmp_path / "data"
    place.mkdir()
    layout.create(place)
    store: Store[str] = Store(place, strategy, lambda outcomes: None, queue_limit=1000)
    try:
        assert store.trouble() is None
        assert store.waiting() == 0
        store._environment._full = Full("the disk is full"), float("inf")
        assert isinstance(store.trouble(), Full)
        store._environment._full = None
        store._queue_limit = 0
        assert isinstance(store.trouble(), Busy)
        found = store._environment.give_up(OSError(5, "Input/output error"))
        assert store.trouble() is found
    finally:
        store.close(finish=False)
