"""One connection's requests: what Sanic's HTTP parser lets through is refused."""

import asyncio
import re
from collections.abc import AsyncIterator
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from sanic.exceptions import BadRequest, BadURL, PayloadTooLarge
from sanic.http import Http, Stage
from sanic.http.http1 import HTTP_CONTINUE

from goseventh.answers import Answer
from goseventh.http_head import incomplete_problem, read_head
from goseventh.problems import Problem

if TYPE_CHECKING:
    from goseventh.protocol import StrictProtocol

_HEAD_END = b"\r\n\r\n"
# What ends the part before, a size, extensions that nobody here knows. Sanic takes "0x5", " 5" and other
# digits, and drops two bytes after a chunk whatever they are: a proxy would see other requests than it does.
_CHUNK_HEAD = re.compile(rb"\r\n([0-9A-Fa-f]{1,16})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?\r\n")
_CHUNK_HEAD_LIMIT = 64


class Part(Enum):
    """What a connection last waited for."""

    IDLE = auto()
    HEAD = auto()
    BODY = auto()


class StrictHttp(Http):
    """One connection's requests. Sanic never reads their heads: to check and read at once costs no more."""

    protocol: "StrictProtocol"

    async def http1_request_header(self) -> None:
        """Receives a head and makes it a request, with its body where that came along, as nearly all do."""
        protocol, buffer = self.protocol, self.recv_buffer
        protocol.part = Part.IDLE
        end = buffer.find(_HEAD_END, 0, protocol.limits.head)
        if end < 0 or buffer.startswith(b"\r\n"):
            end = await self._receive_head()
        if protocol.pipelined or protocol.unread.leaving or not protocol._can_write.is_set():
            await self._wait_its_turn()
        protocol.pipelined = True
        protocol.requests += 1
        head = read_head(buffer[:end], protocol.limits)
        self.head_only = head.method == "HEAD"
        fields = head.fields
        self.keep_alive = fields.keeps_alive and protocol.app.config.KEEP_ALIVE
        try:
            request = protocol.request_class(
                url_bytes=head.target,
                headers=fields.all,
                version=head.version,
                method=head.method,
                transport=protocol.transport,  # type: ignore[arg-type]  # as Sanic itself does
                app=protocol.app,
            )
        except BadURL:
            raise Problem(400, "The target must be a path.") from None
        self.request, request.stream = request, self
        length = fields.length
        framing: Any = None  # not bytes, as Sanic declares
        self.request_bytes = self.request_bytes_left = 0
        if length is None:
            framing = "chunked"
            end -= len(b"\r\n")  # Sanic wants one before each chunk
        elif length > protocol.request_max_size:
            raise PayloadTooLarge
        del buffer[: end + len(_HEAD_END)]
        if length:
            if len(buffer) >= length:
                request.body = bytes(buffer[:length])
                del buffer[:length]
            else:
                framing = True
                self.request_bytes = self.request_bytes_left = length
        self.request_body = framing
        self.expecting_continue = fields.waits and framing is not None

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
        # Whoever is refused, sends ahead or does not expect the end may still be sending, and a reset would
        # take the answer with it.
        protocol = self.protocol
        if self.keep_alive:
            protocol.linger = answer.status >= 400 and bool(self.request_body)
        else:
            stopping = not protocol.app.config.KEEP_ALIVE
            protocol.linger = answer.status >= 400 or stopping or bool(self.recv_buffer)
        self.response_func = None  # type: ignore[assignment]  # as Sanic's own: nothing more may be sent
        head_only = self.head_only
        if head_only is None:  # refused before Sanic read a head
            head_only = self.recv_buffer.startswith(b"HEAD ")
        more = protocol.watch.answered(self, answer)
        sent = answer.wire(keep_alive=self.keep_alive, head_only=head_only, more=more)
        answer.forget()
        await self._send(sent)
        self.stage = Stage.IDLE

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The body as one piece: in a list a byte that comes in a chunk of its own would take fifty."""
        body = bytearray()
        while self.request_body:
            body += await self.read() or b""
        yield bytes(body)

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

    async def _wait_its_turn(self) -> None:
        """Lets others go first, the client read its last answer, and those leave who did not read theirs."""
        self.stage = Stage.IDLE  # still: nothing is owed for what was not begun
        await asyncio.sleep(0)
        await self.protocol._can_write.wait()
        while self.protocol.unread.leaving:
            await asyncio.sleep(0)
        self.stage = Stage.REQUEST

    async def _receive_head(self) -> int:
        """Waits for a whole head; where it ends."""
        buffer, limits = self.recv_buffer, self.protocol.limits
        while True:
            while buffer.startswith(b"\r\n"):  # RFC 9112, 2.2: empty lines before a request are ignored
                del buffer[:2]
            if buffer in (b"", b"\r"):
                self.stage = Stage.IDLE  # still
                await self._receive_more()
                self.stage = Stage.REQUEST
                continue
            end: int = buffer.find(_HEAD_END, 0, limits.head)
            if end >= 0:
                return end
            problem = incomplete_problem(buffer, limits)
            if problem is not None:
                raise problem
            await self._receive_more()
