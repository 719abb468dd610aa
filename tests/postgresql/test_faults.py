"""Databases that end, refuse, are full of connections, or fail by a row: 503 or 507, and nobody lost."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest

from goseventh import person as wire
from goseventh.bench.crash.load import Load
from goseventh.bench.processes.cluster import Cluster
from goseventh.postgresql.committer import Committer
from goseventh.postgresql.database import bring_up_to_date
from goseventh.postgresql.sessions import Sessions
from storage.errors import Unavailable
from storage.observer import Nobody
from tests.load import assert_kept
from tests.serving import ROOT, Server, ask, until
from tests.stores import database, execute, running_cluster
from tests.test_contract import assert_problem, created, own, person, post

pytestmark = pytest.mark.debian("postgres")
FEW = {"max_connections": "12", "superuser_reserved_connections": "1"}


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """One that a test may kill."""
    with running_cluster(**FEW) as cluster:
        yield cluster


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill", "restart"])
def test_a_database_that_ends_under_load_loses_nobody_and_is_found_again(
    own_cluster: Cluster, tmp_path: Path, number: signal.Signals
) -> None:
    variables = {"GOSEVENTH_STORE": database(own_cluster)}
    with Server(tmp_path, workers=2, **variables) as server:
        load = Load(server, "x")
        with load.running(8):
            for rounds in range(1, 4):
                until(lambda rounds=rounds: len(load.acknowledged) > 60 * rounds)  # type: ignore[misc]
                own_cluster.stop(number)
                seen = len(load.others)
                until(lambda seen=seen: len(load.others) > seen)  # type: ignore[misc]
                own_cluster.start()
                known = len(load.acknowledged)
                until(lambda known=known: len(load.acknowledged) > known)  # type: ignore[misc]
        assert load.unanswered == 0
        assert {reply.status for reply in load.others} == {503}
        assert all(reply.headers["Retry-After"] for reply in load.others)
        assert_kept(server, load.acknowledged, len(load.others))
        assert "Traceback" not in server.errors()


def test_while_there_is_no_database_all_that_needs_it_gets_503_and_a_retry_is_safe(
    own_cluster: Cluster, tmp_path: Path
) -> None:
    with Server(tmp_path, workers=1, GOSEVENTH_STORE=database(own_cluster)) as server:
        someone = created(server)
        own_cluster.stop()
        for path in (
            f"/pessoas/{someone['id']}",
            "/pessoas?t=a",
            "/pessoas?t=a&fuzzy=1",
            "/contagem-pessoas",
        ):
            reply = server.request("GET", path)
            assert_problem(reply, 503)
            assert reply.headers["Retry-After"] == "1"
            assert str(own_cluster.sockets) not in reply.body.decode()
        given = person()
        assert_problem(post(server, given), 503)
        assert server.request("GET", "/health").status == 200
        server.wait_for_workers(1, set())
        own_cluster.start()
        assert post(server, given).status == 201
        assert server.request("GET", f"/pessoas/{someone['id']}").json == someone


def test_a_silent_database_is_a_503_within_the_limits_and_loses_nobody(
    own_cluster: Cluster, tmp_path: Path
) -> None:
    url = database(own_cluster)
    with Server(tmp_path, "--search-timeout", "0.5", workers=1, GOSEVENTH_STORE=url) as server:
        someone = created(server)
        given = person()
        asked = [
            f"/pessoas/{someone['id']}",
            "/pessoas?t=a",
            "/pessoas?t=a&fuzzy=1",
            "/contagem-pessoas",
            "/stats",
            "/ready",
        ]
        for path in asked:  # so that there are sessions to be silent on
            assert server.request("GET", path).status == 200
        own_cluster.signal_all(signal.SIGSTOP)
        try:
            # Twice as many as there are sessions: some wait for one, some for a new one to be made. A
            # creation is waited for 12 s, and a request that hangs ends the test by the client's own limit.
            with ThreadPoolExecutor(2 * len(asked) + 1) as clients:
                creating = clients.submit(post, server, given)
                for reply in clients.map(lambda path: server.request("GET", path), asked * 2):
                    assert_problem(reply, 503)
                assert_problem(creating.result(), 503)
        finally:
            own_cluster.signal_all(signal.SIGCONT)
        until(lambda: server.request("GET", "/ready").status == 200)
        assert server.request("GET", f"/pessoas/{someone['id']}").json == someone
        # Nobody knows whether it happened: once, whatever it was.
        assert post(server, given).status in (201, 422)
        assert server.request("GET", "/contagem-pessoas").body == b"2"
        assert "Traceback" not in server.errors()


def test_whose_group_is_cut_off_by_the_end_of_a_worker_is_told(own_cluster: Cluster) -> None:
    url = database(own_cluster)
    bring_up_to_date(url)
    records = [wire.prepare(orjson.dumps(person())) for _ in range(2)]

    async def cut_off() -> None:
        sessions = Sessions(url, 1, 10.0, unsafe=False)
        committer = Committer(sessions, group_limit=1, lanes=1, queue_limit=9, observer=Nobody())
        await committer.create(records[0])
        own_cluster.signal_all(signal.SIGSTOP)
        try:
            creating = asyncio.ensure_future(committer.create(records[1]))
            await asyncio.sleep(0.1)
            await committer.close()
            await sessions.close()
            with pytest.raises(Unavailable, match="stopping"):
                await asyncio.wait_for(creating, 5)
        finally:
            own_cluster.signal_all(signal.SIGCONT)

    asyncio.run(cut_off())


def test_without_a_free_connection_it_is_503_until_there_is_one(own_cluster: Cluster, tmp_path: Path) -> None:
    url = database(own_cluster)
    with Server(tmp_path, workers=1, GOSEVENTH_STORE=url) as server:
        hog = subprocess.Popen(
            [sys.executable, "-c", _HOG, url], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        with hog:
            assert hog.stdout is not None
            hog.stdout.readline()
            reply = server.create(apelido=own())
            assert_problem(reply, 503)
            assert "no connection left" in reply.json["detail"]
            hog.communicate(b"")
        until(lambda: server.create(apelido=own()).status == 201)


# Takes connections as long as there are any, says so, and holds them until its input ends.
_HOG = """
import asyncio, sys, asyncpg
async def take():
    held = []
    try:
        while True:
            held.append(await asyncpg.connect(sys.argv[1]))
    except asyncpg.TooManyConnectionsError:
        print("all", flush=True)
    await asyncio.to_thread(sys.stdin.read)
asyncio.run(take())
"""


@pytest.mark.parametrize(
    ("check", "named"),
    [
        ("terms NOT LIKE '%bad-row%'", "CheckViolationError 23514"),
        ("goseventh.fits(terms)", "ProgramLimitExceededError 54000"),
    ],
    ids=["violation", "limit"],
)
def test_a_row_that_the_database_refuses_fails_alone(
    url: str, tmp_path: Path, check: str, named: str
) -> None:
    execute(url, _FITS)
    execute(url, f"ALTER TABLE goseventh.people ADD CONSTRAINT no_bad CHECK ({check}) NOT VALID")
    try:
        with Server(tmp_path, workers=1, GOSEVENTH_STORE=url) as server:
            load = Load(server, own(), limit=40)
            bad = Load(server, "bad-row" + own(), limit=10)
            with load.running(4), bad.running(4):
                until(lambda: len(load.acknowledged) + len(load.others) == 160 and len(bad.others) == 40)
            assert (len(load.acknowledged), load.others) == (160, [])
            assert {reply.status for reply in bad.others} == {503}
            assert bad.acknowledged == {}
            assert named in server.errors()
            assert "bad-row" not in server.errors()
    finally:
        execute(url, "ALTER TABLE goseventh.people DROP CONSTRAINT no_bad")


# What PostgreSQL says to a row that is too long for an index.
_FITS = """
CREATE OR REPLACE FUNCTION goseventh.fits(terms text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF terms LIKE '%bad-row%' THEN
        RAISE EXCEPTION 'made up' USING ERRCODE = '54000';
    END IF;
    RETURN true;
END $$
"""


def test_a_deadlock_or_a_failed_serialization_is_tried_again(url: str, running: Server) -> None:
    execute(url, _FAILING)
    try:
        for state in ("40P01", "40001"):
            execute(url, "SELECT setval('goseventh.failures', 1)")
            assert created(running, nome=f"fails with {state}")
        reply = post(running, person(nome="fails with 53100"))
        assert_problem(reply, 507)
    finally:
        execute(url, "DROP FUNCTION goseventh.fail CASCADE")
        execute(url, "DROP SEQUENCE goseventh.failures")


# Whoever is named so fails once or twice with that SQLSTATE; a sequence is not rolled back.
_FAILING = """
DO $do$ BEGIN
CREATE SEQUENCE goseventh.failures;
CREATE FUNCTION goseventh.fail() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE state text := substring(NEW.terms FROM 'fails with ([0-9a-z]{5})');
BEGIN
    IF state = '53100' OR state IS NOT NULL AND nextval('goseventh.failures') < 4 THEN
        RAISE EXCEPTION 'made up' USING ERRCODE = upper(state);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fail BEFORE INSERT ON goseventh.people FOR EACH ROW EXECUTE FUNCTION goseventh.fail();
END $do$
"""


def test_clients_that_hang_up_leave_the_others_answered(running: Server) -> None:
    for _ in range(20):
        connection = running.connect()
        connection.request("POST", "/pessoas", orjson.dumps(person()))
        connection.close()
    connection = running.connect()
    assert ask(connection, "POST", "/pessoas", orjson.dumps(person())).status == 201
    connection.close()
