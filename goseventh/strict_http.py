"""One connection's requests: what Sanic's HTTP parser lets through is refused."""

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from sanic.exceptions import BadRequest, BadURL, PayloadTooLarge
from sanic.http import Http, Stage
from sanic.http.http1 import HTTP_CONTINUE

from goseventh.answers import Answer
from goseventh.http_head import check_head, incomplete_problem
from goseventh.problems import Problem

if TYPE_CHECKING:
    from goseventh.protocol import StrictProtocol

# What ends the part before, a size, extensions that nobody here knows. Sanic takes "0x5", " 5" and other
# digits, and drops two bytes after a chunk whatever they are: a proxy would see other requests than it does.
_CHUNK_HEAD = re.compile(rb"\r\n([0-9A-Fa-f]{1,16})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?\r\n")
_CHUNK_HEAD_LIMIT = 64
_CHUNKED = re.compile(rb"(\r\ntransfer-encoding:)[\t ]*chunked[\t ]*(?=\r\n|$)", re.IGNORECASE)


class Part(Enum):
    """What a connection last waited for."""

    IDLE = auto()
    HEAD = auto()
    BODY = auto()


class StrictHttp(Http):
    """One connection's requests, heads checked before Sanic reads them."""

    protocol: "StrictProtocol"
    # Sanic's own limit never comes first.
    HEADER_MAX_SIZE = 1 << 20

    async def http1_request_header(self) -> None:
        """Receives a head, checks it and hands it on."""
        self.protocol.part = Part.IDLE
        self.protocol.used = True
        head = await self._receive_head()
        if check_head(head, self.protocol.limits):  # chunked, in whatever spelling: Sanic knows one
            self.recv_buffer[: len(head)] = _CHUNKED.sub(rb"\1chunked", head)
        try:
            await super().http1_request_header()
        except BadURL:
            self.url = None  # or Sanic would parse it again for the answer, and fail again
            raise Problem(400, "The target must be a path.") from None
        if self.keep_alive and any(
            "close" in value.lower() for value in self.request.headers.getall("connection", ())
        ):
            self.keep_alive = False
        if (self.request_bytes or 0) > self.protocol.request_max_size:
            self.expecting_continue = False
            raise PayloadTooLarge
        self._take_whole_body()

    def _take_whole_body(self) -> None:
        """Spares a body that came with its head, as nearly all do, the way through Sanic's stream."""
        length = self.request_bytes
        if length and len(self.recv_buffer) >= length:
            self.request.body = bytes(self.recv_buffer[:length])
            del self.recv_buffer[:length]
            self.request_body = None
            self.request_bytes_left = 0
            self.expecting_continue = False

    async def http1_response_header(self, data: bytes, end_stream: bool) -> None:
        """Sends an answer; whatever else Sanic may have made goes its way."""
        answer = self.response
        if type(answer) is not Answer:
            await super().http1_response_header(data, end_stream)
            return
        if self.expecting_continue:
            # The client holds its body back and is not asked for it: nobody knows what it sends next.
            self.expecting_continue = self.keep_alive = False
            self.request_body = None
        # Whoever is refused may still be sending, and a reset would take the answer with it.
        self.protocol.linger = answer.status >= 400 and not self.keep_alive
        self.response_func = None  # type: ignore[assignment]  # as Sanic's own: nothing more may be sent
        head_only = self.head_only
        if head_only is None:  # refused before Sanic read a head
            head_only = self.recv_buffer.startswith(b"HEAD ")
        more = self.protocol.watch.answered(self, answer)
        await self._send(answer.wire(keep_alive=self.keep_alive, head_only=head_only, more=more))
        self.stage = Stage.IDLE

    async def read(self) -> bytes | None:
        """A piece of the body; None at its end."""
        framing: object = self.request_body  # not bytes, as Sanic declares
        if framing == "chunked" and not self.request_bytes_left:
            await self._receive_chunk_head()
        return await super().read()

    async def _receive_chunk_head(self) -> None:
        if self.expecting_continue:
            self.expecting_continue = False
            await self._send(HTTP_CONTINUE)
        buffer = self.recv_buffer
        # Never further than the limit: how it came in packets must not decide whether it is taken.
        while buffer.find(b"\r\n", 2, _CHUNK_HEAD_LIMIT) < 0 and len(buffer) < _CHUNK_HEAD_LIMIT:
            await self._receive_more()
        head = _CHUNK_HEAD.match(buffer, 0, _CHUNK_HEAD_LIMIT)
        if head is None:
            self.keep_alive = False
            raise BadRequest("Bad chunked encoding")
        if not int(head[1], 16):
            # Sanic takes the body for whole at the last size; what is awaited after that has no deadline.
            while len(buffer) < head.end() + len(b"\r\n"):
                await self._receive_more()

    async def _receive_head(self) -> bytes:
        buffer, limits = self.recv_buffer, self.protocol.limits
        while True:
            while buffer.startswith(b"\r\n"):  # RFC 9112, 2.2: empty lines before a request are ignored
                del buffer[:2]
            end = buffer.find(b"\r\n\r\n", 0, limits.head)
            if end >= 0:
                return bytes(buffer[:end])
            problem = incomplete_problem(buffer, limits)
            if problem is not None:
                raise problem
            await self._receive_more()
