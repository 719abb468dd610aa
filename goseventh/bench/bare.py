"""Bare Sanic, the least that answers, and so the ceiling of what is built on it.

`python -m goseventh.bench.bare WORKERS` parses a body and answers with constants, in workers such as
`goseventh serve` has: uvloop, a socket each. No checks, no store, no limits.
"""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable

import orjson
import uvloop
from sanic import Request, Sanic
from sanic.response import HTTPResponse, raw

from goseventh.supervisor import Supervisor, listen

_BACKLOG = 4096
_ID = "00000000-0000-7000-8000-000000000000"
_PERSON = orjson.dumps(
    {"id": _ID, "apelido": "bare", "nome": "Bare Sanic", "nascimento": "2000-01-01", "stack": ["Python"]}
)


def main() -> int:
    """Serves with as many workers as the first argument says, until told to stop."""
    workers = int(sys.argv[1])
    listeners = listen("127.0.0.1", 0, workers, _BACKLOG)
    port = listeners[0].getsockname()[1]

    def started() -> None:
        print(f"bare Sanic listens on http://127.0.0.1:{port}", flush=True)

    return Supervisor(listeners, _work, started).run()


def _work(_: int, listener: socket.socket, ready: Callable[[], None]) -> int:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(listener, ready))
    return 0


async def _serve(listener: socket.socket, ready: Callable[[], None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD))
    app: Sanic = Sanic("bare", configure_logging=False)  # type: ignore[type-arg]

    @app.post("/pessoas")
    async def create(request: Request) -> HTTPResponse:
        orjson.loads(request.body)
        return raw(_PERSON, 201, {"Location": f"/pessoas/{_ID}"}, "application/json")

    @app.get("/pessoas/<key:str>")
    async def get(request: Request, key: str) -> HTTPResponse:
        return raw(_PERSON, content_type="application/json")

    server = await app.create_server(
        sock=listener, backlog=_BACKLOG, return_asyncio_server=True, access_log=False
    )
    assert server is not None
    await server.startup()
    await server.start_serving()
    ready()
    await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
