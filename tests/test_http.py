"""HTTP on the wire, well-formed and not: which answer comes, and whether the connection goes on after it.

After a refused head nobody knows where the next request begins, so there the connection must end.
"""

import http.client
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from time import sleep
from types import TracebackType
from typing import Self
from urllib.parse import quote

import orjson
import pytest

from tests.serving import Reply, Server

HOST = b"Host: x\r\n"
END = b"\r\n"
OPEN, CLOSED = True, False
PROBE = b"GET /contagem-pessoas HTTP/1.1\r\nHost: probe\r\n\r\n"
HEAD_LIMIT = 8192
BODY_LIMIT = 65_536
_numbers = count()


class Wire:
    """A raw connection, read answer by answer."""

    def __init__(self, server: Server) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()
        self.socket.close()

    def send(self, sent: bytes) -> None:
        self.socket.sendall(sent)

    def answer(self, *, body: bool = True) -> Reply:
        """The next answer; `body` says whether one follows its head."""
        line = self.file.readline()
        match = re.fullmatch(rb"HTTP/1\.1 (\d{3}) [ -~]+\r\n", line)
        assert match is not None, line
        headers = http.client.parse_headers(self.file)
        length = int(headers.get("Content-Length", "0")) if body else 0
        return Reply(int(match[1]), headers, self.file.read(length))

    def ended(self) -> bool:
        """Whether the server closed and nothing more had come; waits for it."""
        return self.file.read() == b""

    def goes_on(self) -> bool:
        """Whether one more request is answered, and only that."""
        try:
            self.send(PROBE)
            if not self.file.peek(1):
                return False
        except (ConnectionResetError, BrokenPipeError):
            return False
        reply = self.answer()
        assert reply.status == 200, reply
        assert reply.body.isdigit()
        return True


def person(apelido: str | None = None) -> bytes:
    """A valid body, always of one length."""
    nickname = apelido or f"wire {next(_numbers):010}"
    return orjson.dumps({"apelido": nickname, "nome": "Ana", "nascimento": "2000-10-01"})


def get(*fields: bytes, target: bytes = b"/contagem-pessoas", version: bytes = b"HTTP/1.1") -> bytes:
    return b"GET " + target + b" " + version + END + HOST + b"".join(field + END for field in fields) + END


def post(*fields: bytes, body: bytes = b"") -> bytes:
    return b"POST /pessoas HTTP/1.1\r\n" + HOST + b"".join(field + END for field in fields) + END + body


def chunks(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def extended(size: int) -> bytes:
    """A chunk of five bytes whose extension has `size`, and the last one."""
    return b"5;" + b"x" * size + b"\r\n{}   \r\n0\r\n\r\n"


def length(body: bytes) -> bytes:
    return b"Content-Length: %d" % len(body)


def padded(size: int) -> bytes:
    """A request whose head, without its closing empty line, has `size` bytes."""
    return get(b"X: " + b"x" * (size - len(get(b"X: ")) + 4))


CHUNKED = b"Transfer-Encoding: chunked"
TWENTY = b" " * 20
HTTP_1_0_WAITING = post(
    b"Expect: 100-continue", b"Content-Length: 5", b"Connection: keep-alive", body=b"{}   "
).replace(b"HTTP/1.1", b"HTTP/1.0")

# What is sent; the status of its one answer; whether the connection then goes on.
# Bodies are JSON of five bytes, which by itself gets 422: so a 400 is for the framing.
HEADS: list[tuple[str, bytes, int, bool]] = [
    ("plain", get(), 200, OPEN),
    ("no space after the colon", get(b"X:y"), 200, OPEN),
    ("spaces and tabs around a value", get(b"X:  \t y \t "), 200, OPEN),
    ("empty value", get(b"X:"), 200, OPEN),
    ("empty host", b"GET /contagem-pessoas HTTP/1.1\r\nHost:\r\n\r\n", 200, OPEN),
    ("field of any case", b"GET /contagem-pessoas HTTP/1.1\r\nhOST: x\r\n\r\n", 200, OPEN),
    ("bytes over 127 in a value", get(b"X: \xc3\xa9\xff"), 200, OPEN),
    ("every token character", get(b"!#$%&'*+-.^_`|~09AZaz: y"), 200, OPEN),
    ("many fields", get(*[b"X%d: y" % number for number in range(300)]), 200, OPEN),
    ("empty lines before", END + get(), 200, OPEN),
    ("many empty lines before", END * 100 + get(), 200, OPEN),
    ("fragment", get(target=b"/contagem-pessoas#x"), 400, CLOSED),
    ("Connection: close", get(b"Connection: close"), 200, CLOSED),
    ("Connection: keep-alive", get(b"Connection: keep-alive"), 200, OPEN),
    ("keep-alive with spaces around", get(b"Connection: \t keep-alive \t "), 200, OPEN),
    ("another connection option", get(b"Connection: x, TE"), 200, OPEN),
    ("empty connection options", get(b"Connection: ,, "), 200, OPEN),
    ("close with spaces around", get(b"Connection: close \t"), 200, CLOSED),
    ("close is a whole word", get(b"Connection: closed, un-close"), 200, OPEN),
    ("Upgrade without Connection", get(b"Upgrade: websocket"), 200, OPEN),
    ("absolute-form", get(target=b"http://x/contagem-pessoas"), 200, OPEN),
    ("absolute-form with a port", get(target=b"http://x:9999/contagem-pessoas"), 200, OPEN),
    ("absolute-form of https", get(target=b"https://x/contagem-pessoas"), 200, OPEN),
    ("absolute-form, unknown path", get(target=b"http://x/"), 404, OPEN),
    ("absolute-form without a path", get(target=b"http://x"), 404, CLOSED),
    ("absolute-form without a path but a query", get(target=b"http://x?t=a"), 404, CLOSED),
    ("absolute-form in capitals", get(target=b"HTTP://x/contagem-pessoas"), 200, OPEN),
    ("absolute-form without a host", get(target=b"http:///contagem-pessoas"), 400, CLOSED),
    ("absolute-form with a user", get(target=b"http://a@x/health"), 400, CLOSED),
    ("absolute-form with a comma", get(target=b"http://a,b/health"), 400, CLOSED),
    ("absolute-form with two ports", get(target=b"http://a:1:2/health"), 400, CLOSED),
    ("absolute-form with a port alone", get(target=b"http://:9999/health"), 400, CLOSED),
    ("absolute-form with a broken escape", get(target=b"http://%zz/health"), 400, CLOSED),
    ("absolute-form of an address", get(target=b"http://[::1]:9999/health"), 200, OPEN),
    ("user in Host", b"GET /health HTTP/1.1\r\nHost: u@b\r\n\r\n", 400, CLOSED),
    ("list in Host", b"GET /health HTTP/1.1\r\nHost: a,b\r\n\r\n", 400, CLOSED),
    ("two ports in Host", b"GET /health HTTP/1.1\r\nHost: a:1:2\r\n\r\n", 400, CLOSED),
    ("name for a port in Host", b"GET /health HTTP/1.1\r\nHost: a:b\r\n\r\n", 400, CLOSED),
    ("port in Host", b"GET /health HTTP/1.1\r\nHost: a.b-c_d:80\r\n\r\n", 200, OPEN),
    ("broken escape in Host", b"GET /health HTTP/1.1\r\nHost: a%zz\r\n\r\n", 400, CLOSED),
    ("half an address in Host", b"GET /health HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, CLOSED),
    ("space in Host", b"GET /health HTTP/1.1\r\nHost: a b\r\n\r\n", 400, CLOSED),
    ("path in Host", b"GET /health HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, CLOSED),
    ("address in Host", b"GET /health HTTP/1.1\r\nHost: [::1]:9999 \r\n\r\n", 200, OPEN),
    ("empty query", get(target=b"/contagem-pessoas?"), 200, OPEN),
    ("brackets in the query", get(target=b'/pessoas?t=[{"^`|}]<>\\'), 200, OPEN),
    ("close wins over keep-alive", get(b"Connection: close", b"Connection: keep-alive"), 200, CLOSED),
    ("close in a list", get(b"Connection: x, Close"), 200, CLOSED),
    ("chunked with spaces around", post(b"Transfer-Encoding: \t chunked \t", body=chunks(b"{}")), 422, OPEN),
    ("chunked in another case", post(b"Transfer-Encoding: Chunked", body=chunks(b"{}")), 422, OPEN),
    ("chunked in capitals", post(b"TRANSFER-ENCODING:CHUNKED", body=chunks(b"{}")), 422, OPEN),
    ("HTTP/1.0", b"GET /contagem-pessoas HTTP/1.0\r\n\r\n", 200, CLOSED),
    ("HTTP/1.0 with Host", get(version=b"HTTP/1.0"), 200, CLOSED),
    ("HTTP/1.0 keep-alive", get(b"Connection: keep-alive", version=b"HTTP/1.0"), 200, OPEN),
    ("HTTP/1.0, keep-alive in a list", get(b"Connection: x, Keep-Alive ", version=b"HTTP/1.0"), 200, OPEN),
    ("HTTP/1.0, another option", get(b"Connection: x", version=b"HTTP/1.0"), 200, CLOSED),
    ("HTTP/1.0 expects nothing", HTTP_1_0_WAITING, 422, OPEN),
    ("HTTP/1.0 expects something unknown", get(b"Expect: tea", version=b"HTTP/1.0"), 200, CLOSED),
    ("head of nearly the limit", padded(HEAD_LIMIT - 4), 200, OPEN),
    ("GET with a body", get(b"Content-Length: 5") + b"{}   ", 200, OPEN),
    ("GET with a chunked body", get(CHUNKED) + chunks(b"{}   "), 200, OPEN),
    ("405 with a body", get(b"Content-Length: 5").replace(b"GET", b"PUT") + b"{}   ", 405, OPEN),
    ("404 with a body", get(b"Content-Length: 5", target=b"/x") + b"{}   ", 404, OPEN),
    ("OPTIONS of a path", get().replace(b"GET", b"OPTIONS"), 405, OPEN),
    ("POST without a length", post(), 400, OPEN),
    ("length 0", post(b"Content-Length: 0"), 400, OPEN),
    ("length with leading zeros", get(b"Content-Length: 005") + b"{}   ", 200, OPEN),
    ("length with spaces around", get(b"Content-Length: \t 5 \t") + b"{}   ", 200, OPEN),
    # Refused
    ("space before colon", get(b"X : y"), 400, CLOSED),
    ("space before the colon of a length", post(b"Content-Length : 5", body=b"{}   "), 400, CLOSED),
    ("space before the colon of Host", b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400, CLOSED),
    ("field without a colon", get(b"X"), 400, CLOSED),
    ("field without a name", get(b": y"), 400, CLOSED),
    ("field name with a space", get(b"X Y: z"), 400, CLOSED),
    ("field name with a slash", get(b"X/Y: z"), 400, CLOSED),
    ("field name over 127", get(b"\xc3\xa9: z"), 400, CLOSED),
    ("NUL in a field name", get(b"X\0: y"), 400, CLOSED),
    ("NUL in a value", get(b"X: y\0z"), 400, CLOSED),
    ("control in a value", get(b"X: y\x01z"), 400, CLOSED),
    ("delete in a value", get(b"X: y\x7fz"), 400, CLOSED),
    ("bare CR in a value", get(b"X: y\rZ: a"), 400, CLOSED),
    ("bare LF between fields", get(b"X: y\nZ: a"), 400, CLOSED),
    ("bare LF throughout", get().replace(END, b"\n"), 400, CLOSED),
    ("bare LF after the request line", b"GET / HTTP/1.1\nHost: x\r\n\r\n", 400, CLOSED),
    ("bare LF at the end", b"GET / HTTP/1.1\r\nHost: x\n\n", 400, CLOSED),
    ("bare LF before", b"\n" + get(), 400, CLOSED),
    ("bare CR before", b"\r" + get(), 400, CLOSED),
    ("folded", get(b"X: y\r\n z"), 400, CLOSED),
    ("folded with a tab", get(b"X: y\r\n\tz"), 400, CLOSED),
    ("folded length", post(b"Content-Length:\r\n 5", body=b"{}   "), 400, CLOSED),
    ("first field folded", b"GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400, CLOSED),
    ("no Host", b"GET / HTTP/1.1\r\n\r\n", 400, CLOSED),
    ("no Host but alike", b"GET / HTTP/1.1\r\nX-Host: x\r\n\r\n", 400, CLOSED),
    ("two Hosts", get(b"Host: y"), 400, CLOSED),
    ("one Host twice", get(b"Host: x"), 400, CLOSED),
    ("two Hosts of different case", get(b"hOsT: x"), 400, CLOSED),
    ("two Hosts in HTTP/1.0", get(b"Host: x", version=b"HTTP/1.0"), 400, CLOSED),
    ("length repeated", post(b"Content-Length: 5", b"Content-Length: 5", body=b"{}   "), 400, CLOSED),
    ("lengths differ", post(b"Content-Length: 5", b"Content-Length: 6", body=b"{}   !"), 400, CLOSED),
    ("length in a list", post(b"Content-Length: 5, 5", body=b"{}   "), 400, CLOSED),
    ("length negative", post(b"Content-Length: -1"), 400, CLOSED),
    ("length with a plus", post(b"Content-Length: +5", body=b"{}   "), 400, CLOSED),
    ("length with an underscore", post(b"Content-Length: 1_0", body=TWENTY[:10]), 400, CLOSED),
    ("length with a point", post(b"Content-Length: 5.0", body=b"{}   "), 400, CLOSED),
    ("length hexadecimal", post(b"Content-Length: 0x5", body=b"{}   "), 400, CLOSED),
    ("length with a space within", post(b"Content-Length: 1 0", body=TWENTY[:10]), 400, CLOSED),
    ("length empty", post(b"Content-Length:"), 400, CLOSED),
    ("length of other digits", post("Content-Length: ٥".encode(), body=b"{}   "), 400, CLOSED),
    ("length of superscripts", post(b"Content-Length: \xb2", body=b"he"), 400, CLOSED),
    ("length beyond 64 bits", post(b"Content-Length: 99999999999999999999"), 400, CLOSED),
    ("length of 5,000 digits", post(b"Content-Length: " + b"9" * 5000), 400, CLOSED),
    ("length and chunked", post(b"Content-Length: 5", CHUNKED, body=chunks(b"{}   ")), 400, CLOSED),
    ("chunked and length", post(CHUNKED, b"Content-Length: 5", body=chunks(b"{}   ")), 400, CLOSED),
    ("unknown coding", post(b"Transfer-Encoding: gzip"), 400, CLOSED),
    ("coding before chunked", post(b"Transfer-Encoding: gzip, chunked", body=chunks(b"x")), 400, CLOSED),
    ("identity", post(b"Transfer-Encoding: identity"), 400, CLOSED),
    ("chunked twice", post(CHUNKED, CHUNKED, body=chunks(b"x")), 400, CLOSED),
    ("chunked in quotes", post(b'Transfer-Encoding: "chunked"', body=chunks(b"x")), 400, CLOSED),
    (
        "chunked with a Kelvin sign",
        post(b"Transfer-Encoding: chun\xe2\x84\xaaed", body=chunks(b"x")),
        400,
        CLOSED,
    ),
    ("xchunked", post(b"Transfer-Encoding: xchunked", body=chunks(b"x")), 400, CLOSED),
    ("coding empty", post(b"Transfer-Encoding:"), 400, CLOSED),
    ("chunked in HTTP/1.0", get(CHUNKED, version=b"HTTP/1.0") + chunks(b"x"), 400, CLOSED),
    ("HTTP/2.0", get(version=b"HTTP/2.0"), 505, CLOSED),
    ("HTTP/0.9", get(version=b"HTTP/0.9"), 505, CLOSED),
    ("HTTP/1.2", get(version=b"HTTP/1.2"), 505, CLOSED),
    ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, CLOSED),
    ("http/1.1", get(version=b"http/1.1"), 400, CLOSED),
    ("HTTP/1", get(version=b"HTTP/1"), 400, CLOSED),
    ("HTTP/1.10", get(version=b"HTTP/1.10"), 400, CLOSED),
    ("HTTPS/1.1", get(version=b"HTTPS/1.1"), 400, CLOSED),
    ("no version", b"GET /\r\n\r\n", 400, CLOSED),
    ("no target", b"GET HTTP/1.1\r\nHost: x\r\n\r\n", 400, CLOSED),
    ("only a word", b"hello\r\n\r\n", 400, CLOSED),
    ("two spaces", get().replace(b"GET ", b"GET  "), 400, CLOSED),
    ("a tab for a space", get().replace(b"GET ", b"GET\t"), 400, CLOSED),
    ("space before the method", b" " + get(), 400, CLOSED),
    ("space after the version", get(version=b"HTTP/1.1 "), 400, CLOSED),
    ("space in the target", get(target=b"/pessoas?t=a b"), 400, CLOSED),
    ("bytes over 127 in the target", get(target=b"/pessoas?t=\xc3\xa9"), 400, CLOSED),
    ("NUL in the target", get(target=b"/pessoas?t=a\0"), 400, CLOSED),
    ("method no token", get().replace(b"GET", b"G(T"), 400, CLOSED),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n\r\n", 400, CLOSED),
    ("GET pessoas", get(target=b"pessoas"), 400, CLOSED),
    ("GET *", get(target=b"*"), 405, CLOSED),
    ("GET ?t=a", get(target=b"?t=a"), 400, CLOSED),
    ("GET of a scheme alone", get(target=b"http://"), 400, CLOSED),
    ("GET of another scheme", get(target=b"ftp://x/pessoas"), 400, CLOSED),
    ("GET of a port that is none", get(target=b"http://x:y/pessoas"), 400, CLOSED),
    ("CONNECT", b"CONNECT bar:80 HTTP/1.1\r\nHost: bar:80\r\n\r\n", 405, CLOSED),
    ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 405, CLOSED),
    ("431 in one field", get(b"X: " + b"x" * 9000), 431, CLOSED),
    ("431 in many fields", get(*[b"X: y"] * 2000), 431, CLOSED),
    ("431 of a megabyte", get(b"X: " + b"x" * 1_000_000), 431, CLOSED),
    ("431 without an end", b"GET / HTTP/1.1\r\nX: " + b"x" * 9000, 431, CLOSED),
    ("414", get(target=b"/pessoas?t=" + b"x" * 9000), 414, CLOSED),
    ("414 of a megabyte", get(target=b"/" + b"x" * 1_000_000), 414, CLOSED),
    ("414 without an end", b"x" * 9000, 414, CLOSED),
    ("unknown expectation", post(b"Expect: tea", b"Content-Length: 5", body=b"{}   "), 417, CLOSED),
    ("unknown expectation without a body", get(b"Expect: tea"), 417, CLOSED),
    ("unknown expectation in a list", get(b"Expect: 100-continue, tea"), 417, CLOSED),
    ("unknown second expectation", get(b"Expect: 100-continue", b"Expect: tea"), 417, CLOSED),
    ("413 by length", post(b"Content-Length: 65537", body=b"x" * 65_537), 413, CLOSED),
    ("413 of 5 MB by length", post(b"Content-Length: 5000000", body=b"x" * 5_000_000), 413, CLOSED),
    ("413 by a length never sent", post(b"Content-Length: 999999999999"), 413, CLOSED),
    ("413 of a GET", get(b"Content-Length: 65537") + b"x" * 65_537, 413, CLOSED),
    ("chunk size line of the limit", post(CHUNKED, body=extended(58)), 422, OPEN),
    ("413 in one chunk", post(CHUNKED, body=chunks(b"x" * 70_000)), 413, CLOSED),
    ("413 in many chunks", post(CHUNKED, body=chunks(*[b"x" * 1000] * 70)), 413, CLOSED),
    ("413 of 5 MB in chunks", post(CHUNKED, body=chunks(*[b"x" * 10_000] * 500)), 413, CLOSED),
    ("413 of a chunk never sent", post(CHUNKED, body=b"ffffffffff\r\n"), 413, CLOSED),
    ("chunk size no number", post(CHUNKED, body=b"x\r\n\r\n"), 400, CLOSED),
    ("chunk size empty", post(CHUNKED, body=b"\r\n{}   \r\n0\r\n\r\n"), 400, CLOSED),
    ("chunk size negative", post(CHUNKED, body=b"-1\r\n\r\n"), 400, CLOSED),
    ("chunk size with a plus", post(CHUNKED, body=b"+5\r\n{}   \r\n0\r\n\r\n"), 400, CLOSED),
    ("chunk size with 0x", post(CHUNKED, body=b"0x5\r\n{}   \r\n0\r\n\r\n"), 400, CLOSED),
    ("chunk size with an underscore", post(CHUNKED, body=b"0_5\r\n{}   \r\n0\r\n\r\n"), 400, CLOSED),
    ("chunk size after a space", post(CHUNKED, body=b" 5\r\n{}   \r\n0\r\n\r\n"), 400, CLOSED),
    ("chunk size of other digits", post(CHUNKED, body="٥\r\n{}   \r\n0\r\n\r\n".encode()), 400, CLOSED),
    ("chunk longer than its size", post(CHUNKED, body=b"4\r\n{}   \r\n0\r\n\r\n"), 400, CLOSED),
    ("chunk not ended by CR LF", post(CHUNKED, body=b"5\r\n{}   XX0\r\n\r\n"), 400, CLOSED),
    ("chunk ended by LF", post(CHUNKED, body=b"5\n{}   \n0\n\n" + TWENTY * 4), 400, CLOSED),
    ("chunk size line too long", post(CHUNKED, body=extended(59)), 400, CLOSED),
    ("chunk size line without an end", post(CHUNKED, body=b"5" + b";" * 100), 400, CLOSED),
    ("trailer", post(CHUNKED, body=b"5\r\n{}   \r\n0\r\nX: y\r\n\r\n"), 400, CLOSED),
]


@pytest.mark.parametrize(
    ("sent", "status", "stays"), [row[1:] for row in HEADS], ids=[row[0] for row in HEADS]
)
def test_each_shape_of_request_gets_its_one_answer(
    shared_server: Server, sent: bytes, status: int, stays: bool
) -> None:
    with Wire(shared_server) as wire:
        wire.send(sent)
        reply = wire.answer()
        assert reply.status == status, reply.body
        assert reply.headers["Connection"] == ("keep-alive" if stays else "close")
        if status >= 400:
            assert reply.headers["Content-Type"] == "application/problem+json"
            assert reply.json["status"] == status
        if status == 405:
            assert {"GET", "HEAD"} <= set(reply.headers["Allow"].split(", "))
        assert wire.goes_on() if stays else wire.ended()


@pytest.mark.parametrize(
    "sent", [row[1] for row in HEADS if not row[3]], ids=[row[0] for row in HEADS if not row[3]]
)
def test_what_follows_a_refused_request_is_never_read_as_one(shared_server: Server, sent: bytes) -> None:
    nickname = f"smuggled {next(_numbers)}"
    body = person(nickname)
    if b"Content-Length: 999999999999" in sent or b"ffffffffff" in sent:
        sent += b"x"  # what follows is a part of the body
    with Wire(shared_server) as wire:
        wire.send(sent + post(length(body), body=body) + PROBE)
        wire.answer()
        assert wire.ended()
    found = shared_server.request("GET", f"/pessoas?t={quote(nickname)}")
    assert (found.status, found.body) == (200, b"[]")


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /\0",
        b"\x16\x03\x01\x02\0",
        b"GET  / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\n",
        b"GET / HTTP/1.1\r\nX : y\r\n",
        b"GET / HTTP/1.1\r\n folded\r\n",
        b"GET / HTTP/1.1\r\nX: y\r\nZ: \x7f",
        b"GET / HTTP/1.1\r\nX: y\rZ",
        b"GET / HTTP/1.1\r\nX: y\n",
    ],
    ids=ascii,
)
def test_a_broken_head_is_refused_before_its_end(shared_server: Server, sent: bytes) -> None:
    with Wire(shared_server) as wire:
        wire.send(sent)
        assert wire.answer().status == 400
        assert wire.ended()


@pytest.mark.parametrize(
    "sent",
    [
        b"\0",
        b"\xff" * 100 + b"\r\n\r\n",
        b"\r\n\r\n\r\n",
        b"GET",
        b"GET /contagem-pessoas HTTP/1.1\r\n",
        b"GET /contagem-pessoas HTTP/1.1\r\nHost: x\r\n",
        post(b"Content-Length: 100", body=b"{"),
        post(CHUNKED, body=b"5\r\nhe"),
        post(CHUNKED, body=b"5\r\n{}   \r\n"),
        post(b"Expect: 100-continue", b"Content-Length: 100"),
        b"",
    ],
    ids=ascii,
)
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_the_server_outlives_clients_that_hang_up(shared_server: Server, sent: bytes, reset: bool) -> None:
    before = shared_server.count()
    workers = shared_server.workers()
    for _ in range(8):
        with Wire(shared_server) as wire:
            wire.send(sent)
            if reset:
                wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert shared_server.count() == before
    assert shared_server.workers() == workers


def test_a_client_that_hangs_up_before_its_answer_blocks_nobody(shared_server: Server) -> None:
    before = shared_server.count()
    for _ in range(32):
        body = person()
        with Wire(shared_server) as wire:
            wire.send(post(length(body), body=body))
    # Each of them was accepted or not; who comes after is.
    for _ in range(8):
        assert shared_server.request("POST", "/pessoas", person()).status == 201
    assert before + 8 <= shared_server.count() <= before + 40


def test_a_half_closed_socket_gets_its_answer(shared_server: Server) -> None:
    body = person()
    for sent, status in ((get(), 200), (post(length(body), body=body), 201)):
        with Wire(shared_server) as wire:
            wire.send(sent)
            wire.socket.shutdown(socket.SHUT_WR)
            assert wire.answer().status == status
            assert wire.ended()


def test_a_half_closed_socket_gets_all_its_answers(shared_server: Server) -> None:
    body = person()
    received = shared_server.talk(get() + post(length(body), body=body) + get(), half_close=True)
    assert re.findall(rb"HTTP/1\.1 (\d+)", received) == [b"200", b"201", b"200"]


@pytest.mark.parametrize(
    "sent",
    [b"GET /contagem-pessoas HTTP/1.1\r\n", post(b"Content-Length: 9", body=b"{")],
    ids=["head", "body"],
)
def test_a_half_closed_socket_that_owes_the_rest_ends(shared_server: Server, sent: bytes) -> None:
    with Wire(shared_server) as wire:
        wire.send(sent)
        wire.socket.shutdown(socket.SHUT_WR)
        assert not re.search(rb"HTTP/1\.1 (2|5)", wire.file.read())


# Bodies


@pytest.mark.parametrize("size", [1, 7, 10, 1000])
def test_a_chunked_body_is_the_body(shared_server: Server, size: int) -> None:
    body = person()
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    with Wire(shared_server) as wire:
        wire.send(post(CHUNKED, body=chunks(*parts)))
        reply = wire.answer()
        assert reply.status == 201
        assert reply.json["apelido"] == orjson.loads(body)["apelido"]
        assert wire.goes_on()


def test_chunk_extensions_and_case_and_zeros_are_allowed(shared_server: Server) -> None:
    body = person()
    size = b"00%X" % len(body)
    with Wire(shared_server) as wire:
        wire.send(post(CHUNKED, body=size + b';name="value"\r\n' + body + b"\r\n000;x\r\n\r\n"))
        assert wire.answer().status == 201
        assert wire.goes_on()


def test_a_chunked_body_of_exactly_the_limit_is_taken(shared_server: Server) -> None:
    body = person().ljust(BODY_LIMIT)
    with Wire(shared_server) as wire:
        wire.send(post(CHUNKED, body=chunks(body[:1], body[1:40_000], body[40_000:])))
        assert wire.answer().status == 201
        assert wire.goes_on()


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_request_may_come_in_any_pieces(shared_server: Server, framing: str) -> None:
    body = person()
    whole = (
        post(length(body), body=body)
        if framing == "length"
        else post(CHUNKED, body=chunks(body[:9], body[9:]))
    )
    with Wire(shared_server) as wire:
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place in range(len(whole)):
            wire.send(whole[place : place + 1])
        assert wire.answer().status == 201
        assert wire.goes_on()


# Pipelining


def test_pipelined_requests_are_answered_in_order(shared_server: Server) -> None:
    bodies = [person() for _ in range(20)]
    sent = b"".join(
        post(length(body), body=body) + post(CHUNKED, body=chunks(body)) + get() + get(target=b"/nowhere")
        for body in bodies
    )
    with Wire(shared_server) as wire:
        wire.send(sent)
        for body in bodies:
            created = wire.answer()
            assert created.status == 201
            assert created.json["apelido"] == orjson.loads(body)["apelido"]
            taken = wire.answer()
            assert (taken.status, taken.json["existing"]) == (422, created.headers["Location"])
            assert [wire.answer().status for _ in range(2)] == [200, 404]
        assert wire.goes_on()


def test_pipelined_heads_carry_no_bodies(shared_server: Server) -> None:
    head = get().replace(b"GET", b"HEAD")
    with Wire(shared_server) as wire:
        wire.send((head + get()) * 5)
        for _ in range(5):
            assert wire.answer(body=False).status == 200
            assert wire.answer().body.isdigit()
        assert wire.goes_on()


def test_nothing_after_connection_close_is_answered(shared_server: Server) -> None:
    nickname = f"late {next(_numbers)}"
    body = person(nickname)
    with Wire(shared_server) as wire:
        wire.send(get(b"Connection: close") + post(length(body), body=body))
        assert wire.answer().status == 200
        assert wire.ended()
    assert shared_server.request("GET", f"/pessoas?t={quote(nickname)}").body == b"[]"


def test_a_refused_head_after_good_requests_is_the_last_answered(shared_server: Server) -> None:
    with Wire(shared_server) as wire:
        wire.send(get() + get() + get(b"X : y") + get())
        assert [wire.answer().status for _ in range(3)] == [200, 200, 400]
        assert wire.ended()


@pytest.mark.parametrize("body", [b"not json", b"[]", person()[:-1], b'{"apelido":1}', b"{}"], ids=ascii)
def test_a_refused_body_does_not_end_the_connection(shared_server: Server, body: bytes) -> None:
    with Wire(shared_server) as wire:
        for _ in range(3):
            wire.send(post(length(body), body=body))
            assert wire.answer().status in (400, 422)
        assert wire.goes_on()


# Expect: 100-continue


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_client_that_waits_is_asked_for_its_body(shared_server: Server, framing: str) -> None:
    body = person()
    with Wire(shared_server) as wire:
        wire.send(post(b"Expect: , 100-Continue \t", length(body) if framing == "length" else CHUNKED))
        assert wire.answer().status == 100
        wire.send(body if framing == "length" else chunks(body))
        assert wire.answer().status == 201
        assert wire.goes_on()


def test_a_client_that_does_not_wait_after_all_gets_its_answer(shared_server: Server) -> None:
    body = person()
    with Wire(shared_server) as wire:
        wire.send(post(b"Expect: 100-continue", length(body), body=body))
        reply = wire.answer()
        if reply.status == 100:
            reply = wire.answer()
        assert reply.status == 201
        assert wire.goes_on()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (post(b"Expect: 100-continue", b"Content-Length: 65537"), 413),
        (get(b"Expect: 100-continue", b"Content-Length: 5", target=b"/nowhere"), 404),
        (get(b"Expect: 100-continue", b"Content-Length: 5").replace(b"GET", b"PUT"), 405),
        (post(b"Expect: 100-continue", b"Content-Length: 5", b"X : y"), 400),
        (post(b"Expect: 100-continue", b"Expect: tea", b"Content-Length: 5"), 417),
    ],
    ids=["413", "404", "405", "400", "417"],
)
def test_a_client_that_waits_for_nothing_is_told_at_once(
    shared_server: Server, sent: bytes, status: int
) -> None:
    with Wire(shared_server) as wire:
        wire.send(sent)
        assert wire.answer().status == status
        assert wire.ended()


def test_an_expectation_without_a_body_changes_nothing(shared_server: Server) -> None:
    with Wire(shared_server) as wire:
        wire.send(get(b"Expect: 100-continue"))
        assert wire.answer().status == 200
        assert wire.goes_on()


# Answers


@pytest.mark.parametrize(
    "target", [b"/pessoas?t=a", b"/contagem-pessoas", b"/health", b"/stats", b"/nowhere", b"/pessoas?t=%ff"]
)
def test_answers_are_framed_and_say_no_more_than_needed(shared_server: Server, target: bytes) -> None:
    with Wire(shared_server) as wire:
        wire.send(get(target=target))
        reply = wire.answer()
        names = [name.lower() for name in reply.headers]
        assert len(names) == len(set(names))
        assert {"content-type", "content-length", "connection"} <= set(names)
        assert set(names).isdisjoint({"transfer-encoding", "server", "date", "x-powered-by"})
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    "body", [chunks(*[b"x" * 10_000] * 500), b"x\r\n" * 1_000_000], ids=["too long", "broken"]
)
def test_an_answer_given_before_its_body_was_found_bad_arrives_whole(
    shared_server: Server, body: bytes
) -> None:
    for _ in range(10):
        with Wire(shared_server) as wire:
            wire.send(get(CHUNKED, target=b"/nowhere"))
            with suppress(ConnectionError):  # it may be gone before all is sent
                wire.send(body)
            assert wire.answer().status == 404
            assert wire.ended()


def test_head_of_a_refused_request_carries_no_body(shared_server: Server) -> None:
    for sent in (get(target=b"/nowhere"), get(b"Content-Length: 70000")):
        with Wire(shared_server) as wire:
            wire.send(sent.replace(b"GET", b"HEAD"))
            assert wire.answer(body=False).status in (404, 413)
            if b"nowhere" in sent:
                assert wire.goes_on()
            else:
                assert wire.ended()


# Slow clients: the only tests that wait for real time


@pytest.fixture(scope="module")
def hasty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that waits for a second at most."""
    limits = [f"--{part}-timeout" for part in ("head", "body", "idle")]
    with Server(
        Path(tmp_path_factory.mktemp("hasty")) / "data", *[word for limit in limits for word in (limit, "1")]
    ) as running:
        yield running


@pytest.mark.parametrize(
    ("start", "drip", "answers"),
    [
        (b"GET /contagem-pessoas HTTP/1.1\r\nHost: x\r\nX: ", b"x", [408]),
        (b"G", b"E", [408]),
        (get() + b"GET /conta", b"g", [200, 408]),
        (get() + END, END, [200]),  # between two requests, and idle
        (END, END, []),
        (post(b"Content-Length: 1000", body=b"{"), b" ", [408]),
        (post(CHUNKED, body=b"1\r\n{\r\n"), b"1\r\n \r\n", [408]),
        (post(CHUNKED, body=chunks(b"{}")[:-2]), b"", [408]),  # one byte more would end it or break it
        (get(b"Content-Length: 1000", target=b"/nowhere"), b" ", [404]),  # and then there is nothing to say
        (post(b"Expect: 100-continue", b"Content-Length: 1000"), b" ", [100, 408]),
    ],
    ids=[
        "head",
        "method",
        "second head",
        "empty lines after a request",
        "empty lines alone",
        "body",
        "chunks",
        "chunks without the last CRLF",
        "body of an unknown path",
        "body waited for",
    ],
)
def test_a_dripping_client_gets_408_and_is_closed(
    hasty_server: Server, start: bytes, drip: bytes, answers: list[int]
) -> None:
    received = b""
    with Wire(hasty_server) as wire:
        wire.send(start)
        wire.socket.settimeout(0.1)
        for _ in range(200):
            try:
                wire.send(drip)
                piece = wire.socket.recv(65536)
            except TimeoutError:
                continue
            except ConnectionError:
                break
            if not piece:
                break
            received += piece
        else:
            pytest.fail("it may drip for ever")
    assert [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", received)] == answers


@pytest.mark.parametrize("sent", [b"", get()], ids=["new", "used"])
def test_half_an_empty_line_at_a_time_puts_nothing_off(hasty_server: Server, sent: bytes) -> None:
    received = b""
    with Wire(hasty_server) as wire:
        wire.send(sent)
        wire.socket.settimeout(0.1)
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            wire.send(b"\r")
            for _ in range(100):
                wire.send(b"\n")
                sleep(0.003)  # it is looked at by itself
                wire.send(b"\r")
                try:
                    piece = wire.socket.recv(65536)
                except TimeoutError:
                    continue
                if not piece:
                    break
                received += piece
            else:
                pytest.fail("it may drip for ever")
        except ConnectionError:
            pass
    assert received.count(b"HTTP/1.1 ") == bool(sent)


@pytest.mark.parametrize("sent", [b"", get()], ids=["new", "used"])
def test_an_idle_connection_is_closed_without_a_word(hasty_server: Server, sent: bytes) -> None:
    with Wire(hasty_server) as wire:
        wire.send(sent)
        if sent:
            assert wire.answer().status == 200
        assert wire.ended()


LIMITED = [
    "--max-head",
    "512",
    "--max-target",
    "100",
    "--max-term",
    "10",
    "--max-depth",
    "4",
    "--max-body",
    "2KiB",
]


@pytest.fixture(scope="module")
def limited_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of small limits."""
    with Server(Path(tmp_path_factory.mktemp("limited")) / "data", *LIMITED) as running:
        yield running


def deep(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    """A valid body in which an unknown field lies that deep."""
    nested = opening * (depth - 1) + b"1" + closing * (depth - 1)
    return b'{"x":%b,%b' % (nested, person()[1:])


@pytest.mark.parametrize(
    ("sent", "status", "stays"),
    [
        (padded(508), 200, OPEN),
        (padded(509), 431, CLOSED),
        (get(target=b"/pessoas?t=a&" + b"x" * 87), 200, OPEN),
        (get(target=b"/pessoas?t=a&" + b"x" * 88), 414, CLOSED),
        (get(target=b"/pessoas?t=a&" + b"x" * 600), 414, CLOSED),
        (get(target=b"http://x/pessoas?t=a&" + b"x" * 80), 414, CLOSED),
        (get(target=b"/pessoas?t=" + b"%c3%a9" * 10), 200, OPEN),
        (get(target=b"/pessoas?t=" + b"%c3%a9" * 11), 400, OPEN),
        (get(target=b"/pessoas?t=" + b"a" * 11 + b"&t=b"), 400, OPEN),
        (get(target=b"/pessoas?t=a&t=" + b"b" * 11), 200, OPEN),
        *[
            (post(length(body), body=body), status, OPEN)
            for body, status in (
                (deep(4), 201),
                (deep(5), 400),
                (deep(4, b'{"a":', b"}"), 201),
                (deep(5, b'{"a":', b"}"), 400),
                (deep(5, b'{"a":[', b"]}"), 400),
                (b"[" * 500 + b"]" * 500, 400),
                (b"[" * 1500, 400),
                # Many side by side are not deep, and brackets in text are no brackets.
                (b'{"x":[%b],%b' % (b",".join([b"[]"] * 100), person()[1:]), 201),
                (b'{"x":"%b",%b' % (b"[{" * 100, person()[1:]), 201),
            )
        ],
        (post(b"Content-Length: 2049", body=b"x" * 2049), 413, CLOSED),
    ],
    ids=lambda value: ascii(value)[-40:] if isinstance(value, bytes) else str(value),
)
def test_each_limit_is_a_setting(limited_server: Server, sent: bytes, status: int, stays: bool) -> None:
    with Wire(limited_server) as wire:
        wire.send(sent)
        reply = wire.answer()
        assert reply.status == status, reply.body
        assert wire.goes_on() if stays else wire.ended()


@pytest.mark.parametrize(
    ("target", "detail"),
    [
        (b"/pessoas?t=" + b"a" * 11, "A term must not be longer than 10 characters."),
        (b"/" + b"a" * 100, "What is asked for must not be longer than 100 bytes, nor the head."),
    ],
)
def test_a_limit_is_named_to_whoever_met_it(limited_server: Server, target: bytes, detail: str) -> None:
    with Wire(limited_server) as wire:
        wire.send(get(target=target))
        assert wire.answer().json["detail"] == detail


def test_a_small_limit_of_bodies_does_not_limit_heads(directory: Path) -> None:
    with Server(directory, "--max-body", "100") as server:
        assert server.request("GET", "/contagem-pessoas", None, **{"X-Long": "x" * 5000}).status == 200
        assert server.request("POST", "/pessoas", b"{}".ljust(101)).status == 413
        assert server.request("POST", "/pessoas", b"{}".ljust(100)).status == 422
