"""A server that answers all with the same bytes: by it the load generator finds its own ceiling.

`python -m goseventh.bench.fixed`. It parses nothing, so that it costs less than anything worth measuring.
"""

import asyncio
import signal
import sys
from typing import cast

import uvloop

_BODY = b'{"id":"00000000-0000-7000-8000-000000000000","apelido":"fixed","nome":"Fixed","stack":null}'
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
    len(_BODY),
    _BODY,
)


class _Fixed(asyncio.Protocol):
    """One connection, whose client waits for each answer before it asks again."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._write = cast(asyncio.Transport, transport).write  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        self._write(_ANSWER)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    server = await loop.create_server(_Fixed, "127.0.0.1", 0)
    print(f"fixed answers on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(_serve()))
