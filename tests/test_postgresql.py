"""What only the store in PostgreSQL has: its faults, its durability, its plans, its tables."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import orjson
import pytest

from goseventh import person as wire
from goseventh.bench.cluster import Cluster
from goseventh.postgresql import insert, schema, search, terms
from goseventh.postgresql.store import COUNT, GET
from storage import records
from tests.load import Load, assert_kept
from tests.serving import ROOT, NotServing, Server, ask, until
from tests.stores import database, execute, running_cluster
from tests.test_contract import assert_problem, created, own, person, post

pytestmark = pytest.mark.debian("postgres")
FEW = {"max_connections": "12", "superuser_reserved_connections": "1"}


@pytest.fixture(scope="module")
def url(cluster: Cluster) -> str:
    return database(cluster)


@pytest.fixture(scope="module")
def running(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("none"), workers=2, GOSEVENTH_STORE=url) as server:
        yield server


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """One that a test may kill."""
    with running_cluster(**FEW) as cluster:
        yield cluster


def goseventh(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "goseventh", *arguments],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


# Faults


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
        assert server.create(apelido=own()).status == 201


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


def test_a_row_that_the_database_refuses_fails_alone(url: str, tmp_path: Path) -> None:
    execute(
        url, "ALTER TABLE goseventh.people ADD CONSTRAINT no_bad CHECK (terms NOT LIKE '%bad-row%') NOT VALID"
    )
    try:
        with Server(tmp_path, workers=1, GOSEVENTH_STORE=url) as server:
            load = Load(server, own(), limit=40)
            bad = Load(server, "bad-row" + own(), limit=10)
            with load.running(4), bad.running(4):
                until(lambda: len(load.acknowledged) + len(load.others) == 160 and len(bad.others) == 40)
            assert (len(load.acknowledged), load.others) == (160, [])
            assert {reply.status for reply in bad.others} == {503}
            assert bad.acknowledged == {}
    finally:
        execute(url, "ALTER TABLE goseventh.people DROP CONSTRAINT no_bad")


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


# Durability


@pytest.mark.parametrize("setting", ["synchronous_commit=off", "synchronous_commit=local"])
def test_a_database_that_would_lose_people_is_refused_unless_that_is_wanted(
    cluster: Cluster, tmp_path: Path, setting: str
) -> None:
    url = database(cluster)
    execute(cluster.url(), f"ALTER DATABASE {re.findall('people[0-9_]+', url)[0]} SET {setting}")
    with pytest.raises(NotServing) as refused:
        Server(tmp_path, GOSEVENTH_STORE=url)
    assert refused.value.code == 1
    assert setting in refused.value.errors
    assert refused.value.errors.count("\n") == 1
    with Server(tmp_path, "--allow-unsafe-database", GOSEVENTH_STORE=url) as server:
        assert "UNSAFE" in server.banner[1]
        assert "UNSAFE" in server.request("GET", "/stats").json["promise"]
        assert server.create().status == 201


# How it looks for people


def plan(url: str, statement: str, *values: object) -> str:
    execute(url, "ANALYZE goseventh.people")
    return "\n".join(row[0] for row in execute(url, f"EXPLAIN ANALYZE {statement}", *values))


def test_creating_reading_and_the_nickname_touch_one_bucket(url: str, running: Server) -> None:
    someone = created(running)
    key, nickname = UUID(someone["id"]), someone["apelido"].encode()
    bucket = records.bucket(nickname)
    found = plan(url, GET, bucket, key)
    assert "people_pkey" in found
    assert f"(bucket = '{bucket}'::smallint) AND (id = '{key}'::uuid)" in found
    found = plan(url, insert.HOLDER, bucket, nickname)
    assert "people_bucket_apelido_key" in found
    assert f"(bucket = '{bucket}'::smallint) AND (apelido = " in found
    found = plan(url, insert.ONE, bucket, key, nickname, b"", "")
    assert "Conflict Resolution: NOTHING" in found
    assert "Tuples Inserted: 0" in found
    assert "Scan" not in found
    assert "Scan" in plan(url, COUNT)


def test_a_rare_term_is_found_by_trigrams(url: str, running: Server) -> None:
    execute(
        url,
        "INSERT INTO goseventh.people SELECT n % 4096, gen_random_uuid(), n::text::bytea, 'x', md5(n::text)"
        " FROM generate_series(1, 20000) n",
    )
    someone = created(running, nome="the Rarest Name")
    assert "people_terms" in plan(url, search.CONTAINING, terms.pattern(b"rarest name"), 50)
    assert running.request("GET", "/pessoas?t=rarest%20name").json == [someone]
    execute(url, "DELETE FROM goseventh.people WHERE document = 'x'")


def test_whose_id_was_made_elsewhere_is_read_found_and_gone_on_after(url: str, running: Server) -> None:
    nickname, key = own(), UUID("12345678-1234-4234-8234-123456789abc")
    assert records.bucket(nickname.encode()) != records.bucket_of(key.bytes)
    record = wire.prepare(orjson.dumps(person(apelido=nickname)))
    document = record.before + str(key).encode() + record.after
    execute(
        url,
        "INSERT INTO goseventh.people VALUES ($1, $2, $3, $4, $5)",
        records.bucket(record.nickname),
        key,
        record.nickname,
        document,
        terms.stored(record.text),
    )
    assert running.request("GET", f"/pessoas/{key}").body == document
    assert running.request("GET", f"/pessoas?t={nickname}").body == b"[" + document + b"]"
    assert running.request("GET", f"/pessoas?t={nickname}&after={key}").json == []
    again = post(running, person(apelido=nickname))
    assert assert_problem(again, 422, "apelido")["existing"] == f"/pessoas/{key}"


def test_a_search_past_its_deadline_gets_503(url: str, tmp_path: Path) -> None:
    execute(
        url,
        "INSERT INTO goseventh.people SELECT n % 4096, gen_random_uuid(), ('s' || n)::bytea, 'x',"
        " repeat('slow ', 60) FROM generate_series(1, 20000) n",
    )
    with Server(tmp_path, "--search-timeout", "0.001", GOSEVENTH_STORE=url) as server:
        reply = server.request("GET", "/pessoas?t=%C3%9F%C3%9F")
        assert_problem(reply, 503)
    execute(url, "DELETE FROM goseventh.people WHERE document = 'x'")


@pytest.mark.parametrize(
    ("text", "term", "found"),
    [
        ("a\0b", "a\0", True),
        ("\0", "\1", False),
        ("\1", "\0", False),
        ("\1\2\2\2", "\0", False),
        ("\0", "\1\2", False),
        ("\0\1\2\3\4\5", "\2\3\4", True),
        ("\2", "\2", True),
        ("\0\0", "\0\0", True),
        ("\3\2", "\2\3", False),
    ],
    ids=ascii,
)
def test_what_text_cannot_hold_is_found_as_itself(running: Server, text: str, term: str, found: bool) -> None:
    mark = own()
    who = created(running, nome=mark + text)
    reply = running.request("GET", f"/pessoas?t={quote(mark + term if found else term)}")
    assert (who in reply.json) is found
    assert terms.fields(terms.stored(f"x\xfe{text}".encode("latin-1"))) == ["x", text]


# Its tables


def test_migrating_is_harmless_again_and_at_once_from_many(cluster: Cluster) -> None:
    url = database(cluster)
    command = [sys.executable, "-m", "goseventh", "migrate", "--store", url]
    many = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    version = f"the tables are of version {len(schema.VERSIONS)}\n"
    assert [one.communicate()[0] for one in many] == [version] * 4
    assert goseventh("migrate", GOSEVENTH_STORE=url).stdout == version
    assert [tuple(row) for row in execute(url, "SELECT version FROM goseventh.versions")] == [
        (number,) for number in range(1, len(schema.VERSIONS) + 1)
    ]


def test_tables_of_a_newer_version_are_left_alone(cluster: Cluster, tmp_path: Path) -> None:
    url = database(cluster)
    goseventh("migrate", GOSEVENTH_STORE=url)
    execute(url, "INSERT INTO goseventh.versions VALUES (99)")
    for refused in (goseventh("migrate", GOSEVENTH_STORE=url), goseventh("serve", GOSEVENTH_STORE=url)):
        assert refused.returncode == 1
        assert "version 99" in refused.stderr


# Choosing it


@pytest.mark.parametrize("strategy", ["write-behind", "memory-queue"])
def test_strategies_that_would_promise_nothing_are_refused(strategy: str) -> None:
    refused = goseventh("serve", "--strategy", strategy, "--store", "postgresql:///x")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "group-commit or per-request" in refused.stderr


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_without_the_driver_it_says_what_to_install(command: str) -> None:
    code = (
        "import importlib.util, sys\n"
        "found = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name == 'asyncpg' else found(name)\n"
        "from goseventh.cli import main\n"
        f"sys.exit(main([{command!r}, '--store', 'postgresql:///x']))"
    )
    refused = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "goseventh[postgresql]" in refused.stderr


def test_the_driver_is_not_imported_unless_it_is_chosen(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from goseventh import places, serve, settings\n"
        "places.choose(settings.from_environment(settings.SERVE, {}))\n"
        "sys.exit('asyncpg' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ana:hunter2@127.0.0.1:1/people",
        "postgresql://ana:hunter2@127.0.0.1:port/people",
        "postgresql://ana:hunter2/x@127.0.0.1/people",
        "postgresql://ana:hunter2@[::1]:1/people?password=hunter2",
        "mysql://ana:hunter2@127.0.0.1/people",
        "hunter2",
    ],
)
def test_a_password_is_shown_nowhere(address: str) -> None:
    for command in ("serve", "migrate"):
        refused = goseventh(command, GOSEVENTH_STORE=address)
        assert refused.returncode in (1, 2)
        assert refused.stderr.count("\n") == 1
        assert "hunter2" not in refused.stdout + refused.stderr


def test_it_says_which_store_it_has(running: Server, url: str) -> None:
    assert "PostgreSQL at /tmp/sockets-" in running.banner[2]
    assert running.request("GET", "/stats").json["store"] == "postgresql"


def test_clients_that_hang_up_leave_the_others_answered(running: Server) -> None:
    for _ in range(20):
        connection = running.connect()
        connection.request("POST", "/pessoas", orjson.dumps(person()))
        connection.close()
    time.sleep(0)
    connection = running.connect()
    assert ask(connection, "POST", "/pessoas", orjson.dumps(person())).status == 201
    connection.close()
