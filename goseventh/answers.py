"""Answers whose bytes are put together once, without Sanic's dictionary of headers.

Sanic builds, cleans and encodes each header of each response anew, some 15 µs: a third of what a bare request
costs. Here only constants and what the server itself made ever stand in a head.
"""

from http import HTTPStatus
from typing import Final

from sanic.compat import Header
from sanic.response import HTTPResponse

JSON: Final = b"application/json"
PROBLEM: Final = b"application/problem+json"
TEXT: Final = b"text/plain; charset=utf-8"

# Python renamed some in 3.13, after RFC 9110; an answer is the same whatever Python serves.
_RENAMED = {413: "Content Too Large", 414: "URI Too Long", 422: "Unprocessable Content"}
PHRASES: Final = {int(status): status.phrase for status in HTTPStatus} | _RENAMED
"""Status → its phrase, as RFC 9110 has it."""

# Browsers must not guess another type, run anything or frame it. Caches must not keep it: a count is exact, a
# 404 may be a person a moment later, and people are nobody else's business. The other headers that browsers
# know are for pages, or for TLS, which is a proxy's work.
_SECURITY = (
    b"X-Content-Type-Options: nosniff\r\n"
    b"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
    b"Cache-Control: no-store\r\n"
)
_HEADS = {
    status: b"HTTP/1.1 %d %b\r\n%b" % (status, phrase.encode(), _SECURITY)
    for status, phrase in PHRASES.items()
}
_NO_HEADERS = Header()


def head_of_page(policy: str, caching: str) -> bytes:
    """How an answer of 200 begins that a browser shows: what it may load, and how long it may be kept."""
    return (
        b"HTTP/1.1 200 OK\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
        b"Content-Security-Policy: %b\r\nCache-Control: %b\r\n" % (policy.encode(), caching.encode())
    )


class Answer(HTTPResponse):
    """A whole answer: status, body, its type, and lines to add to the head."""

    __slots__ = ("_body", "_head", "_kind", "_lines")

    def __init__(
        self, status: int, body: bytes, kind: bytes, lines: bytes = b"", head: bytes | None = None
    ) -> None:
        """`kind` is the content type; `lines` are header lines, each ended by CR LF.

        `head` is how the answer begins where that is not what all others do: see `head_of_page`.
        """
        # What Sanic looks at on the way; its own initialiser would make a dictionary of headers.
        self.asgi = False
        self.status = status
        self._body = body
        self.body = None  # Sanic is not to send it
        self.headers = _NO_HEADERS
        self.stream = None
        self._kind = kind
        self._lines = lines
        self._head = _HEADS[status] if head is None else head

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return len(self._body)

    def forget(self) -> None:
        """Lets its body go, for what was sent may wait long for its reader."""
        self._body = b""

    def wire(self, *, keep_alive: bool, head_only: bool, more: bytes = b"") -> bytes:
        """The bytes to send, with `more` lines in the head."""
        return b"%bContent-Type: %b\r\nContent-Length: %d\r\n%b%bConnection: %b\r\n\r\n%b" % (
            self._head,
            self._kind,
            len(self._body),
            self._lines,
            more,
            b"keep-alive" if keep_alive else b"close",
            b"" if head_only else self._body,
        )
