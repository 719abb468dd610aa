"""Connections as Sanic holds them, their open ends closed: deadlines in all, and a limit to the crowd."""

import asyncio
from time import monotonic
from typing import Any, NamedTuple

from sanic.exceptions import BadRequest, RequestCancelled, RequestTimeout
from sanic.http import Stage
from sanic.server.protocols.http_protocol import HttpProtocol

from goseventh.crowd import CROWDED, Claim, Standing
from goseventh.limits import Limits
from goseventh.strict_http import Part, StrictHttp
from goseventh.unread import Unread
from goseventh.watch import Watch

# How long who has the last answer may go on sending before the connection is reset.
_LINGER_SECONDS = 2.0
# How long an answer may lie here, and how long it does before its reader counts as one who does not read.
_UNREAD_SECONDS = 30.0
_UNREAD_GRACE_SECONDS = 1.0
# How long a stop waits for the first request of whoever has just connected: it may be on its way.
_FRESH_SECONDS = 1.0


class Timeouts(NamedTuple):
    """Seconds; each counts from the start of its part, so that a drip can't reset it."""

    head: float
    body: float
    idle: float


class StrictProtocol(HttpProtocol):
    """Sanic's protocol with deadlines kept by one sweep over all connections of a worker."""

    HTTP_CLASS = StrictHttp
    __slots__ = (
        "ended",
        "fresh_until",
        "idle",
        "limits",
        "linger",
        "part",
        "part_since",
        "pipelined",
        "requests",
        "unread",
        "unread_since",
        "watch",
        "written",
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.limits: Limits = self.app.ctx.limits
        self.watch: Watch = self.app.ctx.watch
        self.unread: Unread = self.app.ctx.unread
        self.part = Part.IDLE
        self.part_since = 0.0
        # Of use only while nothing can be written. What the client sends meanwhile does not put it off.
        self.unread_since = 0.0
        # Bytes of the last answer.
        self.written = 0
        # Whether a request began since this last waited for bytes: what lies here may be one more.
        self.pipelined = False
        # How many heads came; and that number as the sweep saw it between two requests, with since when. So
        # empty lines that are sent there put nothing off.
        self.requests = 0
        self.idle = (-1, 0.0)
        self.linger = False
        # Whether the client will send no more; it may still wait for answers.
        self.ended = False
        self.fresh_until = monotonic() + _FRESH_SECONDS
        # Sanic sets it when the connection's task first runs; the sweep may come before that.
        self._http: StrictHttp | None = None

    def connection_made(self, transport: Any) -> None:
        """Lets it in; where that is one too many, somebody with less to lose goes, or else the newcomer."""
        self._time = monotonic()
        admitted = self.app.ctx.crowd.admit(self.connections, self._time)
        super().connection_made(transport)
        # Whatever the kernel does not take at once is held here, and counts as such.
        transport.set_write_buffer_limits(high=0)
        if not admitted:
            self.shed(Claim(Standing.HEAD, self._time))

    def claim(self) -> Claim | None:
        """Where this connection stands in a crowd; None if it waits for an answer, or is closing."""
        transport, http = self.transport, self._http
        if transport is None:
            return None
        if not self._can_write.is_set():  # while it closes, too: that takes until all is read
            unread = monotonic() - self.unread_since > _UNREAD_GRACE_SECONDS
            return Claim(Standing.UNREAD, self.unread_since) if unread else None
        if transport.is_closing():
            return None
        if self.linger and self._task is None:
            return Claim(Standing.ANSWERED, self._time)
        if http is None:
            return Claim(Standing.HEAD, self._time)
        if self._data_received.is_set():
            return None  # what came was not looked at yet
        if http.request_body and self.part is Part.BODY:
            answered = http.stage is Stage.IDLE
            return Claim(Standing.ANSWERED if answered else Standing.BODY, self.part_since)
        if http.stage is Stage.IDLE:
            return Claim(Standing.IDLE if self.requests else Standing.HEAD, self._time)
        return Claim(Standing.HEAD, self.part_since) if http.stage is Stage.REQUEST else None

    def shed(self, claim: Claim) -> None:
        """Ends it at once, with a word to whoever was asking for something."""
        self.watch.shed()
        self.connections.discard(self)
        transport = self.transport
        assert transport is not None
        if claim.standing is Standing.UNREAD:
            transport.abort()  # a close would wait for the answer to be read
            return
        if claim.standing in (Standing.HEAD, Standing.BODY):
            transport.write(CROWDED)
        if transport.get_write_buffer_size():
            transport.abort()  # it reads nothing, and a close would wait for that
        else:
            transport.close()

    def check_timeouts(self) -> None:
        """Sanic's timer of each connection gives way to the sweep."""

    async def receive_more(self) -> None:
        """Waits for more bytes, noting since when this part of the request is under way.

        Nothing is received from whoever does not read.
        """
        if not self._can_write.is_set():
            await self._can_write.wait()
        self.pipelined = False
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

    async def send(self, data: bytes) -> None:
        """Sends an answer, or a part of one, when what was sent before is gone."""
        await self._can_write.wait()
        assert self.transport is not None
        if self.transport.is_closing():
            raise RequestCancelled
        self.written = len(data)
        self.transport.write(data)

    def pause_writing(self) -> None:
        """Holds answers back, noting since when the client owes the reading of one, and receives nothing.

        The loop keeps an answer whole until its last byte is gone.
        """
        super().pause_writing()
        self.unread_since = monotonic()
        assert self.transport is not None
        self.transport.pause_reading()
        self.unread.hold(self, self.written + len(self.recv_buffer))

    def resume_writing(self) -> None:
        """Lets answers go on: all is written, or the connection is lost."""
        super().resume_writing()
        self.unread.release(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Ends what runs on it."""
        super().connection_lost(error)
        self.unread.lost(self)

    def abort(self) -> None:
        """Resets the connection; unlike Sanic's it stays known, for what runs on it has yet to end."""
        if self.transport is not None:
            self.transport.abort()

    def eof_received(self) -> bool:
        """Keeps the connection open for answers to what was sent before its end."""
        self.ended = True
        self._data_received.set()
        return True

    def enforce(self, timeouts: Timeouts, now: float) -> None:
        """Ends what has taken too long: with a 408 where the client still owes a part of its request."""
        http = self._http
        if not self._can_write.is_set():
            if now - self.unread_since > _UNREAD_SECONDS:
                self.abort()
        elif http is None or self._task is None:
            return
        elif http.stage is Stage.IDLE and not http.request_body:
            if self.idle[0] != self.requests:
                self.idle = (self.requests, now)
            elif now - self.idle[1] > timeouts.idle and not self._data_received.is_set():
                self._task.cancel()
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
        http = self._http
        if monotonic() <= self.fresh_until or (http is not None and http.stage is not Stage.IDLE):
            return False
        if http is not None and self.recv_buffer.strip(b"\r"):
            return False  # a request that is here, or a part of one
        # Sanic's own way logs a fault where an empty line came after the last request.
        if self._task is not None:
            self._task.cancel()
        else:
            self.close()
        return True

    def refuse(self, problem: Exception) -> None:
        """Answers `problem` where an answer is still owed, and closes."""
        if self._http is not None and self._task is not None:
            self._http.exception = problem
            self._task.cancel()

    def close(self, timeout: float | None = None) -> None:
        """Closes when all is read, or, where more may come, a little later: a reset would take the answer."""
        transport = self.transport
        if transport is None or transport.is_closing() or transport.get_protocol() is not self:
            return
        if self.linger and transport.can_write_eof():
            transport.write_eof()
            transport.resume_reading()
            transport.set_protocol(_Discard(self, transport))
        elif self._can_write.is_set():
            super().close(timeout)
        else:
            transport.close()  # Sanic's own way looks ten times a second, and for 5 s at most


class _Discard(asyncio.Protocol):
    """Reads and forgets what a client still sends that has its last answer, until it hangs up."""

    def __init__(self, before: StrictProtocol, transport: Any) -> None:
        self._before = before
        self._transport = transport
        if before._can_write.is_set():
            self._wait()

    def _wait(self) -> None:
        self._before.loop.call_later(_LINGER_SECONDS, self._transport.abort)

    def resume_writing(self) -> None:
        """The last answer is read; that had a deadline of its own."""
        self._before.resume_writing()
        self._wait()

    def connection_lost(self, error: Exception | None) -> None:
        """Lets the protocol before clean up."""
        self._before.connection_lost(error)
