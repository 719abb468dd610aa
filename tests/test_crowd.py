"""More connections than a worker may hold: who goes, who stays, and what the newcomer is told."""

import random
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from time import sleep

import pytest

from goseventh.crowd import Claim, Crowd, Standing
from goseventh.limits import default_connections
from tests import flood
from tests.serving import NotServing, Server, ask

GET = b"GET /contagem-pessoas HTTP/1.1\r\nHost: x\r\n\r\n"
HALF_BODY = b"POST /pessoas HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"


class Fake:
    """A connection with the claim that it is given."""

    def __init__(self, claim: Claim | None) -> None:
        self._claim = claim
        self.gone = False

    def claim(self) -> Claim | None:
        return self._claim

    def shed(self, claim: Claim) -> None:
        assert claim == self._claim
        self.gone = True


def test_those_with_least_to_lose_go_first_and_of_them_the_oldest() -> None:
    ordered = [Fake(Claim(standing, since)) for standing in sorted(Standing) for since in (1.0, 2.0)]
    mixed = [*ordered, *[Fake(None)] * 3]
    random.Random(1).shuffle(mixed)
    crowd = Crowd(1)
    for number in range(len(ordered)):
        assert crowd.admit([one for one in mixed if not one.gone], 10.0)
        assert [one.gone for one in ordered] == [place <= number for place in range(len(ordered))]
    assert not crowd.admit([one for one in mixed if not one.gone], 10.0)


@pytest.mark.parametrize(("limit", "gone"), [(1, 1), (31, 1), (64, 2), (640, 20), (641, 0)])
def test_as_many_go_as_are_worth_the_walk(limit: int, gone: int) -> None:
    crowd = [Fake(Claim(Standing.HEAD, since)) for since in range(640)]
    assert Crowd(limit).admit(crowd, 10.0)
    assert [one.gone for one in crowd] == [True] * gone + [False] * (640 - gone)


def test_equal_claims_are_no_reason_to_compare_connections() -> None:
    assert Crowd(8).admit([Fake(Claim(Standing.IDLE, 1.0)) for _ in range(8)], 10.0)


def test_where_nobody_could_go_nobody_is_looked_for_at_once() -> None:
    crowd, stays, goes = Crowd(1), Fake(None), Fake(Claim(Standing.IDLE, 1.0))
    assert not crowd.admit([stays], 10.0)
    assert not crowd.admit([goes], 10.04)
    assert crowd.admit([], 10.04)
    assert crowd.admit([goes], 10.06)
    assert goes.gone


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may open few files."""
    with Server(Path(tmp_path_factory.mktemp("small")) / "data", program=flood.few_files()) as running:
        yield running


@pytest.mark.parametrize("kind", flood.HALVES)
def test_a_flood_leaves_a_good_client_its_answers(small: Server, kind: str) -> None:
    before = small.workers()
    with flood.flood(small, flood.HALVES[kind], 400):
        assert flood.good_answers(small, 40, patience=10) == 40
    assert small.workers() == before
    assert small.errors() == ""


def test_a_good_client_that_is_kept_alive_outlives_a_flood_of_halves(small: Server) -> None:
    connection = small.connect()
    assert ask(connection, "GET", "/contagem-pessoas").status == 200
    kept = connection.sock
    with flood.flood(small, flood.HALVES["half a head"], 400):
        assert ask(connection, "GET", "/contagem-pessoas").status == 200
    assert connection.sock is kept
    connection.close()


def test_a_flood_of_refusals_that_are_never_read_leaves_a_good_client_its_answers(small: Server) -> None:
    with flood.flood(small, b"GET / HTTP/1.1\r\nX : y\r\n\r\n", 400):
        assert flood.good_answers(small, 40, patience=10) == 40


def received(raw: socket.socket) -> bytes:
    """All that comes until the server closes."""
    whole = b""
    try:
        while piece := raw.recv(65536):
            whole += piece
    except ConnectionResetError:
        pass
    return whole


def test_whoever_is_shed_half_way_is_told_and_the_idle_end_without_a_word(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--max-connections", "3") as server:
        address = ("127.0.0.1", server.port)
        with (
            ExitStack() as stay,
            socket.create_connection(address, timeout=10) as idle,
            socket.create_connection(address, timeout=10) as body,
            socket.create_connection(address, timeout=10) as head,
        ):
            idle.sendall(GET)
            assert idle.recv(65536).startswith(b"HTTP/1.1 200 ")
            body.sendall(HALF_BODY)
            head.sendall(flood.HALVES["half a head"])
            assert body.recv(65536).startswith(b"HTTP/1.1 100 ")
            for victim, told in ((head, True), (idle, False), (body, True)):
                newcomer = stay.enter_context(socket.create_connection(address, timeout=10))
                newcomer.sendall(GET)
                assert newcomer.recv(65536).startswith(b"HTTP/1.1 200 ")
                answer = received(victim)
                assert bool(answer) is told
                if told:
                    assert answer.startswith(b"HTTP/1.1 503 ")
                    assert b"\r\nRetry-After: 1\r\n" in answer
                # From here on it has more to lose than the others.
                newcomer.sendall(HALF_BODY)
                assert newcomer.recv(65536).startswith(b"HTTP/1.1 100 ")


def test_nobody_who_waits_for_an_answer_is_shed_and_the_newcomer_is_told(tmp_path: Path) -> None:
    limit = 6
    with (
        Server(tmp_path / "data", "--max-connections", str(limit), "--emulate-flush-ms", "1000") as server,
        ExitStack() as waiting,
    ):
        clients = [
            waiting.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10))
            for _ in range(limit)
        ]
        for number, client in enumerate(clients):
            body = b'{"apelido":"%d","nome":"Ana","nascimento":"2000-10-01"}' % number
            client.sendall(
                b"POST /pessoas HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
            )
        sleep(0.3)  # they have been read, and wait
        refused = server.request("GET", "/contagem-pessoas")
        assert refused.status == 503
        assert (refused.headers["Retry-After"], refused.headers["Connection"]) == ("1", "close")
        assert refused.json["status"] == 503
        assert [client.recv(65536)[:13] for client in clients] == [b"HTTP/1.1 201 "] * limit


def test_the_limit_of_open_files_sets_the_default(tmp_path: Path) -> None:
    assert 1 <= default_connections() <= 16_384
    with Server(tmp_path / "data", program=flood.few_files(number=100)) as server:
        limits = Path(f"/proc/{min(server.workers())}/limits").read_text()
        assert re.search(r"Max open files +100 +100 ", limits)
        with flood.flood(server, b"", 100) as clients:
            assert flood.good_answers(server, 4, patience=10) == 4
            opened = len(list(Path(f"/proc/{min(server.workers())}/fd").iterdir()))
        assert len(clients) == 100
        assert opened < 100


def test_more_connections_than_files_allow_are_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(NotServing, match="--max-connections must be a whole number from 1 to 36, not '37'"):
        Server(tmp_path / "data", "--max-connections", "37", program=flood.few_files(number=100))
