"""What operators see of a server over a database: its figures, and why it is not ready."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from goseventh.bench.processes.cluster import Cluster
from goseventh.postgresql import schema
from tests.serving import Server, until
from tests.stores import database, execute, running_cluster
from tests.test_contract import assert_problem, created, person, post
from tests.test_metrics import value

pytestmark = pytest.mark.debian("postgres")


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Cluster]:
    """One that a test may end."""
    with running_cluster() as cluster:
        yield cluster


def test_stats_and_metrics_say_what_the_database_is_like(url: str, running: Server) -> None:
    created(running)
    assert post(running, person(apelido="")).status == 422
    running.request("GET", "/pessoas?t=zz")
    running.request("GET", "/pessoas?t=zz&fuzzy=1")
    stats = running.request("GET", "/stats").json
    assert (stats["people"], stats["workers"], stats["strategy"]) == (1, 2, "group-commit")
    store = stats["store"]
    assert (store["kind"], store["people"]) == ("postgresql", 1)
    assert store["tables_version"] == len(schema.VERSIONS)
    assert store["server"].startswith(str(execute(url, "SHOW server_version")[0][0]))
    assert 0 < store["index_bytes"] < store["database_bytes"]
    assert 0 < store["connections"] < store["connections_most"] == 60
    assert value(running, "people") == value(running, "store_answers") == 1
    assert value(running, "database_bytes") == store["database_bytes"]
    assert value(running, "group_people_sum") == 1
    assert value(running, "commit_seconds_count") == 1
    assert value(running, "search_seconds_count", kind="exact") == 1
    assert value(running, "search_seconds_count", kind="fuzzy") == 1
    assert value(running, "queue_people") == 0


def test_a_server_whom_nobody_asked_for_anything_ends_in_order(url: str, tmp_path: Path) -> None:
    with Server(tmp_path, workers=1, GOSEVENTH_STORE=url) as server:
        assert server.stop() == 0
        assert server.errors() == ""


def test_while_the_database_is_gone_it_is_not_ready_and_says_why(
    own_cluster: Cluster, tmp_path: Path
) -> None:
    with Server(tmp_path, workers=2, GOSEVENTH_STORE=database(own_cluster)) as server:
        assert server.request("GET", "/ready").json == {"status": "ready"}
        own_cluster.stop()
        reply = assert_problem(server.request("GET", "/ready"), 503)
        assert reply["detail"] == "Not ready: the database can't be reached."
        assert_problem(server.request("GET", "/stats"), 503)
        assert (value(server, "store_answers"), value(server, "workers")) == (0, 2)
        assert server.request("GET", "/health").status == 200
        own_cluster.start()
        # Nobody asks for anything else meanwhile: a balancer sends nobody here.
        until(lambda: server.request("GET", "/ready").status == 200)


def test_a_server_that_only_follows_another_is_not_ready(own_cluster: Cluster, tmp_path: Path) -> None:
    url = database(own_cluster)
    with Server(tmp_path, workers=1, GOSEVENTH_STORE=url) as server:
        execute(own_cluster.url(), "ALTER SYSTEM SET default_transaction_read_only = on")
        try:
            execute(own_cluster.url(), "SELECT pg_reload_conf()")
            until(lambda: server.request("GET", "/ready").status == 503)
            reply = assert_problem(server.request("GET", "/ready"), 503)
            assert reply["detail"] == "Not ready: the database takes no writes."
        finally:
            execute(own_cluster.url(), "ALTER SYSTEM RESET default_transaction_read_only")
            execute(own_cluster.url(), "SELECT pg_reload_conf()")
        until(lambda: server.request("GET", "/ready").status == 200)
        assert server.create().status == 201


def test_a_full_disk_is_not_ready_for_a_while(url: str, running: Server) -> None:
    """It is full to whoever is called so."""
    execute(
        url,
        "CREATE FUNCTION goseventh.full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'made up' USING ERRCODE = '53100'; END $$",
    )
    execute(
        url,
        "CREATE TRIGGER full_disk BEFORE INSERT ON goseventh.people FOR EACH ROW"
        " WHEN (NEW.terms LIKE '%full disk%') EXECUTE FUNCTION goseventh.full_disk()",
    )
    assert_problem(post(running, person(nome="full disk")), 507)
    # The worker that it happened to.
    refused = until(lambda: reply if (reply := running.request("GET", "/ready")).status == 503 else None)
    assert assert_problem(refused, 503)["detail"] == "Not ready: the database's disk is full."
    for _ in range(20):  # by either worker
        created(running)
    assert running.request("GET", "/ready").status == 200
    execute(url, "DROP FUNCTION goseventh.full_disk CASCADE")
