"""A server of fixed answers, one a kind of request: by it the load generator finds its own ceiling.

`python -m goseventh.bench.processes.fixed WORKERS`. It looks at no more of a request than tells its kind, so
that it costs less than anything worth measuring; its answers are about as long as real ones, for whoever
reads them.
"""

import asyncio
import socket
import sys
from typing import cast

import orjson

from goseventh.bench.processes import forked

_ID = "00000000-0000-7000-8000-000000000000"
# As long as the longest person of the tournament.
_PERSON = orjson.dumps(
    {
        "id": _ID,
        "apelido": "f" * 32,
        "nome": "F" * 100,
        "nascimento": "2000-01-01",
        "stack": ["PostgreSQL"] * 24,
    }
)
_SEARCH = b"/pessoas?t="
_SHORT = 2
"""Letters of a random term that is in the text of fifty people; a longer one is mostly in nobody's."""


def _answer(status: str, body: bytes, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


_CREATED = _answer("201 Created", _PERSON, f"Location: /pessoas/{_ID}\r\n")
_READ = _answer("200 OK", _PERSON)
_FIFTY = _answer("200 OK", b"[" + b",".join([_PERSON] * 50) + b"]")
_NOBODY = _answer("200 OK", b"[]")
_NO_TERM = _answer("400 Bad Request", b"{}")


def answer(request: bytes) -> bytes:
    """The whole answer to a whole request of the load generator's."""
    if request.startswith(b"POST"):
        return _CREATED
    target = request[4 : request.find(b" ", 4)]
    if target.startswith(_SEARCH):
        return _FIFTY if len(target) <= len(_SEARCH) + _SHORT else _NOBODY
    return _NO_TERM if target == b"/pessoas" else _READ


class _Fixed(asyncio.Protocol):
    """One connection, whose client waits for each answer before it asks again."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._write = cast(asyncio.Transport, transport).write  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        self._write(answer(data))


async def _serve(listener: socket.socket) -> object:
    return await asyncio.get_running_loop().create_server(_Fixed, sock=listener, backlog=forked.BACKLOG)


if __name__ == "__main__":
    sys.exit(forked.run("fixed", _serve))
