"""A raw connection to the server under test, and what must come of each case."""

import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from random import Random
from time import sleep
from typing import NamedTuple

import orjson

from tests import oracle
from tests.fuzz import heads
from tests.fuzz.chunks import unchunk
from tests.oracle import MOST_FOUND, People, Refused

_SOMEBODY = re.compile(rb"somebody([0-9]{2})", re.IGNORECASE)
_HEAD = b"POST /pessoas HTTP/1.1\r\nHost: x\r\n"
_COUNT = b"GET /contagem-pessoas HTTP/1.1\r\nHost: x\r\n\r\n"
# Long enough for most packets to be looked at before the next.
_PACKET_SECONDS = 0.0003


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
        request = _HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        followed = Random(body).random() < 0.5
        self._created(self._ask(request + (_COUNT if followed else b"")), body)
        if followed:  # what came with it is read as the next request, from its first byte
            self._counted(self._receive())

    def chunks(self, sent: bytes) -> None:
        """A creation with this body, which is in chunks, or should be."""
        request = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + sent
        try:
            body, rest = unchunk(sent)
        except Refused as refusal:
            self._send(request)
            self._send_no_more()
            answer = self._receive()
            self._refused(answer, {refusal.status})
            self._ended(answer)
        else:
            self._created(self._ask(request), body)
            if rest:
                self.close()  # that is another request, or the beginning of one

    def _created(self, answer: Answer, body: bytes) -> None:
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
        query = _SOMEBODY.sub(self._somebody, query)
        request = b"GET /pessoas?%b HTTP/1.1\r\nHost: x\r\n\r\n" % query
        if heads.judge(request).refused:  # a long term in escapes is too long a target
            self.head(request)
            return
        answer = self._ask(request)
        wanted = oracle.asked(query)
        if isinstance(wanted, int):
            self._refused(answer, {wanted})
        elif wanted.after is not None and wanted.after not in self.people:
            self._refused(answer, {404})
        elif wanted.fuzzy:
            # Whom it finds is for tests of the search; here that they exist, each once.
            found = [f"/pessoas/{person['id']}" for person in orjson.loads(answer.body)]
            assert answer.status == 200
            assert len(found) == len(set(found)) <= MOST_FOUND
            assert all(one in self.people for one in found)
        else:
            assert (answer.status, answer.body) == (200, self.people.find(wanted.term, wanted.after))

    def _somebody(self, match: re.Match[bytes]) -> bytes:
        """The id of somebody, if there is anybody, in the case of what asks for it."""
        if not len(self.people):
            return match[0]
        written = self.people.path(int(match[1])).removeprefix("/pessoas/").encode()
        return written.upper() if match[0].isupper() else written

    def head(self, head: bytes) -> None:
        """A request of this head, and of the body that it promises, if it may have one."""
        verdict = heads.judge(head)
        followed = verdict.stays is True and Random(head).random() < 0.5
        self._send(head + verdict.body + (_COUNT if followed else b""))
        answer = self._receive(bodiless=head.lstrip(b"\r\n").startswith(b"HEAD "))
        assert answer.status in verdict.statuses, (answer, verdict)
        assert verdict.stays is None or self._is_kept(answer) is verdict.stays, (answer, verdict)
        if not self._is_kept(answer):
            self._ended(answer)
        elif followed:
            self._counted(self._receive())

    def count(self) -> None:
        """Asks how many there are."""
        self._counted(self._ask(_COUNT))

    def _counted(self, answer: Answer) -> None:
        assert (answer.status, answer.body) == (200, b"%d" % len(self.people))

    def _ask(self, request: bytes) -> Answer:
        self._send(request)
        answer = self._receive()
        assert self._is_kept(answer), answer
        return answer

    def _refused(self, answer: Answer, statuses: set[int]) -> None:
        assert answer.status in statuses, answer
        assert answer.field(b"Content-Type") == b"application/problem+json"
        assert orjson.loads(answer.body)["status"] == answer.status

    def _ended(self, answer: Answer) -> None:
        assert not self._is_kept(answer), answer
        assert self._rest() == b"", "something came after the last answer"
        self.close()

    def _is_kept(self, answer: Answer) -> bool:
        return answer.field(b"Connection") == b"keep-alive"

    def _send(self, sent: bytes) -> None:
        if self._raw is None:
            self._raw = socket.create_connection(("127.0.0.1", self._port), timeout=20)
            self._raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(ConnectionError):  # a refusal may come, and its connection go, before all is sent
            for piece in _packets(sent):
                self._raw.sendall(piece)

    def _send_no_more(self) -> None:
        assert self._raw is not None
        with suppress(OSError):  # it may be gone by now
            self._raw.shutdown(socket.SHUT_WR)

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


def _packets(sent: bytes) -> Iterator[bytes]:
    """All that is sent, some of it in pieces; where they part is drawn, and the same for the same case."""
    random = Random(sent)
    start = 0
    for end in sorted(random.choices(range(1, len(sent)), k=random.choice([0, 0, 0, 0, 1, 2, 3]))):
        yield sent[start:end]
        sleep(_PACKET_SECONDS)
        start = end
    yield sent[start:]
