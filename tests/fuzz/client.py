"""A raw connection to the server under test, and what must come of each case."""

import socket
from contextlib import suppress
from typing import NamedTuple

import orjson

from tests import oracle
from tests.fuzz import heads
from tests.oracle import People


class Answer(NamedTuple):
    """One whole answer."""

    status: int
    head: bytes
    body: bytes

    def field(self, name: bytes) -> bytes:
        """The value of a field that must be there."""
        return self.head.split(b"\r\n%b: " % name, 1)[1].split(b"\r\n", 1)[0]


class Client:
    """Sends a case, reads its answer and compares it with the oracle's; AssertionError where they differ.

    A connection that ends without an answer, or before it may, is such a difference too.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._raw: socket.socket | None = None
        self._received = b""
        self.people = People()

    def close(self) -> None:
        """Hangs up."""
        if self._raw is not None:
            self._raw.close()
            self._raw, self._received = None, b""

    def create(self, body: bytes) -> None:
        """A creation with this body."""
        answer = self._ask(
            b"POST /pessoas HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        wanted = oracle.judge(body)
        if isinstance(wanted, int):
            self._refused(answer, {wanted})
        elif wanted["apelido"] in self.people.locations:
            self._refused(answer, {422})
            assert orjson.loads(answer.body)["existing"] == self.people.locations[wanted["apelido"]]
        else:
            assert answer.status == 201, answer
            location = answer.field(b"Location").decode()
            assert orjson.loads(answer.body) == {"id": location.removeprefix("/pessoas/")} | wanted
            self.people.add(wanted, location, answer.body)

    def search(self, query: bytes) -> None:
        """A search with this query string."""
        answer = self._ask(b"GET /pessoas?%b HTTP/1.1\r\nHost: x\r\n\r\n" % query)
        wanted = oracle.asked(query)
        if isinstance(wanted, int):
            self._refused(answer, {wanted})
        else:
            assert (answer.status, answer.body) == (200, self.people.find(wanted))

    def head(self, head: bytes) -> None:
        """A request of this head, and of the body that it promises, if it may have one."""
        verdict = heads.judge(head)
        self._send(head + verdict.body)
        answer = self._receive(bodiless=head.lstrip(b"\r\n").startswith(b"HEAD "))
        assert answer.status in verdict.statuses, (answer, verdict)
        assert verdict.stays is None or self._is_kept(answer) is verdict.stays, (answer, verdict)
        if not self._is_kept(answer):
            assert self._rest() == b"", "something came after the last answer"
            self.close()

    def count(self) -> None:
        """Asks how many there are."""
        assert int(self._ask(b"GET /contagem-pessoas HTTP/1.1\r\nHost: x\r\n\r\n").body) == len(self.people)

    def _ask(self, request: bytes) -> Answer:
        self._send(request)
        answer = self._receive()
        assert self._is_kept(answer), answer
        return answer

    def _refused(self, answer: Answer, statuses: set[int]) -> None:
        assert answer.status in statuses, answer
        assert answer.field(b"Content-Type") == b"application/problem+json"
        assert orjson.loads(answer.body)["status"] == answer.status

    def _is_kept(self, answer: Answer) -> bool:
        return answer.field(b"Connection") == b"keep-alive"

    def _send(self, sent: bytes) -> None:
        if self._raw is None:
            self._raw = socket.create_connection(("127.0.0.1", self._port), timeout=20)
            self._raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(ConnectionError):  # a refusal may come, and its connection go, before all is sent
            self._raw.sendall(sent)

    def _receive(self, *, bodiless: bool = False) -> Answer:
        """The next final answer."""
        while True:
            while b"\r\n\r\n" not in self._received:
                self._more()
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 "), head
            status = int(head[9:12])
            if status != 100:
                break
        assert status < 500 or status == 505, head
        answer = Answer(status, head, b"")
        length = 0 if bodiless else int(answer.field(b"Content-Length"))
        while len(self._received) < length:
            self._more()
        body, self._received = self._received[:length], self._received[length:]
        return answer._replace(body=body)

    def _more(self) -> None:
        assert self._raw is not None
        piece = self._raw.recv(1 << 16)
        assert piece, "the connection ended without an answer"
        self._received += piece

    def _rest(self) -> bytes:
        assert self._raw is not None
        rest = self._received
        with suppress(ConnectionError):
            while piece := self._raw.recv(1 << 16):
                rest += piece
        return rest
