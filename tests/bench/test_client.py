"""What a virtual user makes of what servers do with its connection; `Load` drives it as in a real run."""

import asyncio
import json
import resource
import socket

import pytest

from goseventh.bench.open_load.client import Target
from goseventh.bench.open_load.exchange import Exchange
from goseventh.bench.open_load.load import Load, readable
from goseventh.bench.open_load.schedule import Arrival, Kind
from goseventh.bench.open_load.script import Script
from goseventh.bench.people import Person
from goseventh.bench.wire import Site

from .stub import Stub

BODY = json.dumps({"apelido": "ana", "nome": "Ana", "nascimento": "1990-01-31", "stack": None}).encode()


def load(url: str, kinds: list[Kind], timeout: float = 2.0) -> list[Exchange]:
    """Send one request of each kind given, all due at once, and return what came of them."""
    site = Site(url)
    script = Script(
        arrivals=[Arrival(0.0, kind, number) for number, kind in enumerate(kinds)],
        requests={
            Kind.CREATE: site.creations(
                [BODY.replace(b"ana", b"ana%d" % number) for number in range(len(kinds))]
            ),
            Kind.SEARCH: site.searches(["a b%&"] * len(kinds)),
            Kind.NO_TERM: [site.get("/pessoas")] * len(kinds),
        },
        pauses=[0.005] * len(kinds),
        read=site.get,
        people=[Person("ana", BODY, 201)] * len(kinds),
        terms=["a b%&"] * len(kinds),
    )
    ran = Load(Target(site.host, site.port), script, timeout, lambda _: None, 1.0)
    ran.run()
    assert ran.answered == len(ran.exchanges)
    return ran.exchanges


class Canned(Stub):
    """Answers the first request of each connection with given bytes, then hangs up."""

    def __init__(self, answer: bytes) -> None:
        super().__init__()
        self.answer = answer

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self.answer)
        writer.close()


def test_reads_back_what_it_created_on_the_same_connection() -> None:
    with Stub() as stub:
        create, read = load(stub.url, [Kind.CREATE])
        assert stub.connections == 1
    assert (create.kind, create.status, create.content_type) == (Kind.CREATE, 201, "application/json")
    assert (read.kind, read.status, read.index) == (Kind.READ, 200, 0)
    assert create.body == read.body
    assert json.loads(create.body)["apelido"] == "ana0"
    assert create.due <= create.left <= create.done <= read.due <= read.left <= read.done


def test_connects_anew_for_the_read_back_when_the_server_hung_up() -> None:
    class HangsUp(Stub):
        one_answer_each = True

    with HangsUp() as stub:
        create, read = load(stub.url, [Kind.CREATE])
        assert stub.connections == 2
    assert create.body == read.body != b""


def test_the_term_arrives_as_it_is() -> None:
    class Listens(Stub):
        def hits(self, term: str) -> list[bytes]:
            return [json.dumps(term).encode()]

    with Listens() as stub:
        (search,) = load(stub.url, [Kind.SEARCH])
    assert json.loads(search.body) == ["a b%&"]


def test_requests_leave_though_no_earlier_one_was_answered() -> None:
    class Patient(Stub):
        waiting = 0

        async def admit(self, method: str) -> None:
            """Nobody gets an answer before the last of 200 has come: a closed loop would wait for ever."""
            self.waiting += 1
            while self.waiting < 200:
                await asyncio.sleep(0.005)

    with Patient() as stub:
        exchanges = load(stub.url, [Kind.NO_TERM] * 200, timeout=20.0)
    assert [exchange.status for exchange in exchanges] == [400] * 200


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "connection closed before the whole answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[]", "connection closed before the whole answer"),
        (b"HTTP/1.1 2xx OK\r\n\r\n", "the answer breaks HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n[]", "the answer breaks HTTP"),
    ],
)
def test_half_an_answer_is_a_missing_one(answer: bytes, why: str) -> None:
    with Canned(answer) as stub:
        (exchange,) = load(stub.url, [Kind.SEARCH])
    assert exchange.missing
    assert exchange.fault == why


def test_a_chunked_answer_is_put_together() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n"
    with Canned(chunked) as stub:
        (exchange,) = load(stub.url, [Kind.SEARCH])
    assert (exchange.status, exchange.body, exchange.fault) == (200, b"[]", "")


def test_gives_up_at_its_timeout() -> None:
    class Silent(Stub):
        def search(self, term: str) -> None:
            return None

    with Silent() as stub:
        search, other = load(stub.url, [Kind.SEARCH, Kind.NO_TERM], timeout=0.3)
    assert (search.missing, search.fault) == (True, "gave up waiting")
    assert other.status == 400


def test_nobody_listening_is_a_missing_answer() -> None:
    with Stub() as stub:
        url = stub.url
    (exchange,) = load(url, [Kind.SEARCH])
    assert exchange.missing
    assert exchange.fault == "Connection refused"


def test_a_generator_out_of_files_blames_itself() -> None:
    with Stub() as stub:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        with socket.socket() as probe:
            lowest = probe.fileno()
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 3, limits[1]))
        try:
            exchanges = load(stub.url, [Kind.SEARCH] * 9)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert any(exchange.fault.startswith("this generator may open no more files") for exchange in exchanges)


@pytest.mark.parametrize(
    "location", ["", "/", "http://other/pessoas/1", "/pessoas/1 HTTP/1.0", "/pessoas/\r\nx", "/pessoas/é"]
)
def test_only_a_path_is_put_into_a_request_line(location: str) -> None:
    assert not readable(location)
