"""What a 201 means over HTTP by each write strategy: two workers, each asked by itself."""

from collections.abc import Iterator
from http.client import HTTPConnection

import orjson
import pytest

from goseventh import person as wire
from goseventh.postgresql.database import STRATEGIES
from storage.strategies import table
from storage.strategies.table import Strategy
from storage.verify import verify
from tests.serving import Reply, Server, ask, until
from tests.stores import EMBEDDED, POSTGRESQL, variables
from tests.test_contract import CONNECTIONS, created, own, person

VISIBLE_TO_ALL = {"group-commit", "per-request", "write-behind"}
"""Whose 201 every worker knows of at once; of any other's another worker must be ignorant at first."""


CASES = [
    *(pytest.param((EMBEDDED, row), id=row.name) for row in table.TABLE),
    *(
        pytest.param(
            (POSTGRESQL, table.find(name)), id=f"{POSTGRESQL}-{name}", marks=pytest.mark.debian("postgres")
        )
        for name in STRATEGIES
    ),
]
"""Every strategy of every store."""


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[str, Strategy]:
    chosen: tuple[str, Strategy] = request.param
    return chosen


@pytest.fixture(scope="module")
def store(case: tuple[str, Strategy]) -> str:
    return case[0]


@pytest.fixture(scope="module")
def strategy(case: tuple[str, Strategy]) -> Strategy:
    return case[1]


@pytest.fixture(scope="module")
def running(
    store: str,
    strategy: Strategy,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Server]:
    place = tmp_path_factory.mktemp(strategy.name) / "data"
    with Server(place, "--strategy", strategy.name, workers=2, **variables(store, request)) as server:
        yield server
    if store == EMBEDDED:
        assert list(verify(place, wire.read)) == []


@pytest.fixture
def connections(running: Server) -> Iterator[list[HTTPConnection]]:
    """So many that each worker has some."""
    made = [running.connect() for _ in range(CONNECTIONS)]
    for connection in made:
        assert ask(connection, "GET", "/health").status == 200
    yield made
    for connection in made:
        connection.close()


def post(connection: HTTPConnection, **fields: object) -> Reply:
    return ask(connection, "POST", "/pessoas", orjson.dumps(person(**fields)))


def knows(connection: HTTPConnection, someone: dict[str, object]) -> list[bool]:
    """Whether its worker reads, finds, resembles, counts on the one person of that name, and who has it."""
    named = f"/pessoas?t={someone['nome']}"
    return [
        ask(connection, "GET", f"/pessoas/{someone['id']}").json == someone,
        ask(connection, "GET", named).json == [someone],
        ask(connection, "GET", f"{named}&fuzzy=1").json[:1] == [someone],
        ask(connection, "GET", f"{named}&after={someone['id']}").status == 200,
        post(connection, apelido=someone["apelido"]).status == 422,
    ]


def test_whom_a_worker_answered_it_knows(connections: list[HTTPConnection]) -> None:
    reply = post(connections[0], nome=own("visible"))
    assert reply.status == 201
    assert all(knows(connections[0], reply.json))
    taken = post(connections[0], apelido=reply.json["apelido"])
    assert (taken.status, taken.json["existing"]) == (422, reply.headers["Location"])


def test_the_other_workers_know_at_once_or_that_is_not_promised(
    connections: list[HTTPConnection], strategy: Strategy
) -> None:
    someone = post(connections[0], nome=own("shared")).json
    path = f"/pessoas/{someone['id']}"
    at_once = {ask(connection, "GET", path).status for connection in connections}
    assert at_once == ({200} if strategy.name in VISIBLE_TO_ALL else {200, 404})
    until(lambda: all(ask(each, "GET", path).status == 200 for each in connections))
    assert all(all(knows(each, someone)) for each in connections)


def test_a_nickname_is_given_once_or_that_is_not_promised(
    running: Server, connections: list[HTTPConnection], strategy: Strategy
) -> None:
    before = running.count()
    nickname = own()
    statuses = {post(connection, apelido=nickname).status for connection in connections}
    assert statuses == {201, 422}
    if strategy.name not in VISIBLE_TO_ALL:
        until(lambda: "answered people dropped" in running.errors())
    until(lambda: {count(each) for each in connections} == {before + 1})


def count(connection: HTTPConnection) -> int:
    return int(ask(connection, "GET", "/contagem-pessoas").body)


def test_everyone_is_found_in_order_and_page_by_page(
    running: Server, connections: list[HTTPConnection]
) -> None:
    term = own("page")
    people = [post(connections[0], nome=f"{term} {number}").json for number in range(60)]
    for _ in range(2):  # where some may wait to be written, and when all are
        found = ask(connections[0], "GET", f"/pessoas?t={term}").json
        rest = ask(connections[0], "GET", f"/pessoas?t={term}&after={found[-1]['id']}").json
        assert found + rest == people
        until(
            lambda: all(
                ask(each, "GET", f"/pessoas/{people[-1]['id']}").status == 200 for each in connections
            )
        )
    assert created(running)["id"] > people[-1]["id"]
