"""HTTP as Sanic speaks it, with what its parser lets through refused and its open ends closed."""

import asyncio
import re
from enum import Enum, auto
from time import monotonic
from typing import Any, NamedTuple

from sanic.exceptions import BadRequest, BadURL, PayloadTooLarge, RequestTimeout
from sanic.http import Http, Stage
from sanic.http.http1 import HTTP_CONTINUE
from sanic.server.protocols.http_protocol import HttpProtocol

from goseventh.answers import Answer
from goseventh.crowd import CROWDED, Claim, Standing, make_room
from goseventh.http_head import check_head, incomplete_problem
from goseventh.limits import Limits
from goseventh.problems import Problem

# How long a refused client may go on sending before its connection is reset under the answer.
_LINGER_SECONDS = 2.0
_UNREAD_ANSWER_SECONDS = 30.0
# How long a stop waits for the first request of whoever has just connected: it may be on its way.
_FRESH_SECONDS = 1.0
# What ends the part before, a size, extensions that nobody here knows. Sanic takes "0x5", " 5" and other
# digits, and drops two bytes after a chunk whatever they are: a proxy would see other requests than it does.
_CHUNK_HEAD = re.compile(rb"\r\n[0-9A-Fa-f]{1,16}(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?\r\n")
_CHUNK_HEAD_LIMIT = 64
_CHUNKED = re.compile(rb"(\r\ntransfer-encoding:)[\t ]*chunked[\t ]*(?=\r\n|$)", re.IGNORECASE)


class Timeouts(NamedTuple):
    """Seconds; each counts from the start of its part, so that a drip can't reset it."""

    head: float
    body: float
    idle: float


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
        await self._send(answer.wire(keep_alive=self.keep_alive, head_only=head_only))
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
        while buffer.find(b"\r\n", 2) < 0 and len(buffer) < _CHUNK_HEAD_LIMIT:
            await self._receive_more()
        if _CHUNK_HEAD.match(buffer) is None:
            self.keep_alive = False
            raise BadRequest("Bad chunked encoding")

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


class StrictProtocol(HttpProtocol):
    """Sanic's protocol with deadlines kept by one sweep over all connections of a worker."""

    HTTP_CLASS = StrictHttp
    __slots__ = ("ended", "fresh_until", "limits", "linger", "part", "part_since", "used")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.limits: Limits = self.app.ctx.limits
        self.part = Part.IDLE
        self.part_since = 0.0
        # Whether a request ever began here.
        self.used = False
        self.linger = False
        # Whether the client will send no more; it may still wait for answers.
        self.ended = False
        self.fresh_until = monotonic() + _FRESH_SECONDS
        # Sanic sets it when the connection's task first runs; the sweep may come before that.
        self._http: StrictHttp | None = None

    def connection_made(self, transport: Any) -> None:
        """Lets it in; where that is one too many, somebody with less to lose goes, or else the newcomer."""
        self._time = monotonic()
        crowded = len(self.connections) >= self.limits.connections
        if crowded:
            crowded = not make_room(self.connections, self.limits.connections)
        super().connection_made(transport)
        if crowded:
            self.shed(Claim(Standing.HEAD, self._time))

    def claim(self) -> Claim | None:
        """Where this connection stands in a crowd; None if it waits for an answer, or is closing."""
        transport, http = self.transport, self._http
        if transport is None or transport.is_closing():
            return None
        if self.linger and self._task is None:
            return Claim(Standing.ANSWERED, self._time)
        if http is None:
            return Claim(Standing.HEAD, self._time)
        if self._data_received.is_set() or not self._can_write.is_set():
            return None  # what came was not looked at yet, or an answer is on its way
        if http.request_body and self.part is Part.BODY:
            answered = http.stage is Stage.IDLE
            return Claim(Standing.ANSWERED if answered else Standing.BODY, self.part_since)
        if http.stage is Stage.IDLE:
            return Claim(Standing.IDLE if self.used else Standing.HEAD, self._time)
        return Claim(Standing.HEAD, self.part_since) if http.stage is Stage.REQUEST else None

    def shed(self, claim: Claim) -> None:
        """Ends it at once, with a word to whoever was asking for something."""
        self.connections.discard(self)
        transport = self.transport
        assert transport is not None
        if claim.standing in (Standing.HEAD, Standing.BODY):
            transport.write(CROWDED)
        transport.close()
        self.loop.call_later(_LINGER_SECONDS, transport.abort)  # whoever does not read that

    def check_timeouts(self) -> None:
        """Sanic's timer of each connection gives way to the sweep."""

    async def receive_more(self) -> None:
        """Waits for more bytes, noting since when this part of the request is under way."""
        http = self._http
        assert http is not None
        part = Part.BODY if http.request_body else Part.IDLE if http.stage is Stage.IDLE else Part.HEAD
        if part is not self.part:
            self.part, self.part_since = part, monotonic()
        # Sanic's own, without one coroutine more.
        assert self.transport is not None
        self.transport.resume_reading()
        self._data_received.clear()
        received = len(http.recv_buffer)
        if not self.ended:
            await self._data_received.wait()
        if self.ended and len(http.recv_buffer) == received:
            if part is Part.IDLE:
                raise asyncio.CancelledError
            http.keep_alive = False
            raise BadRequest("The request ended before its end")

    def eof_received(self) -> bool:
        """Keeps the connection open for answers to what was sent before its end."""
        self.ended = True
        self._data_received.set()
        return True

    def enforce(self, timeouts: Timeouts, now: float) -> None:
        """Ends what has taken too long: with a 408 where the client still owes a part of its request."""
        http = self._http
        if http is None or self._task is None:
            return
        if not self._can_write.is_set():
            if now - self._time > _UNREAD_ANSWER_SECONDS:
                self.abort()
        elif http.stage is Stage.IDLE and not http.request_body:
            if now - self._time > timeouts.idle:
                self.close()
        elif self._is_late(http, timeouts, now):
            self.refuse(RequestTimeout())

    def _is_late(self, http: StrictHttp, timeouts: Timeouts, now: float) -> bool:
        if http.stage is Stage.REQUEST:
            return self.part is Part.HEAD and now - self.part_since > timeouts.head
        return bool(http.request_body) and self.part is Part.BODY and now - self.part_since > timeouts.body

    def finish(self) -> None:
        """Lets the request under way, if any, be the last: its answer says `Connection: close`."""
        if self._http is not None:
            self._http.keep_alive = False

    def close_if_idle(self) -> bool:
        """Closes between two requests, but not before the first one had its time to come."""
        return monotonic() > self.fresh_until and super().close_if_idle()

    def refuse(self, problem: Exception) -> None:
        """Answers `problem` where an answer is still owed, and closes."""
        if self._http is not None and self._task is not None:
            self._http.exception = problem
            self._task.cancel()

    def close(self, timeout: float | None = None) -> None:
        """Closes; after a refusal it first reads on a little, for a reset would take the answer with it."""
        transport = self.transport
        if not self.linger or transport is None or transport.is_closing() or not transport.can_write_eof():
            super().close(timeout)
            return
        transport.write_eof()
        transport.resume_reading()
        transport.set_protocol(_Discard(self))
        self.loop.call_later(_LINGER_SECONDS, transport.abort)


class _Discard(asyncio.Protocol):
    """Reads and forgets what a refused client still sends, until it hangs up."""

    def __init__(self, before: StrictProtocol) -> None:
        self._before = before

    def connection_lost(self, error: Exception | None) -> None:
        """Lets the protocol before clean up."""
        self._before.connection_lost(error)
