"""Bare Sanic: a yardstick of this machine, for what is built on it.

`python -m goseventh.bench.processes.bare WORKERS` parses a body and answers with constants, in workers such
as `goseventh serve` has. No checks, no store, no limits; and Sanic's own protocol, which ours replaces, so
that ours may now and then be the faster one.
"""

import socket
import sys

import orjson
from sanic import Request, Sanic
from sanic.response import HTTPResponse, raw

from goseventh.bench.processes import forked

_ID = "00000000-0000-7000-8000-000000000000"
_PERSON = orjson.dumps(
    {"id": _ID, "apelido": "bare", "nome": "Bare Sanic", "nascimento": "2000-01-01", "stack": ["Python"]}
)


async def _serve(listener: socket.socket) -> object:
    app: Sanic = Sanic("bare", configure_logging=False)  # type: ignore[type-arg]

    @app.post("/pessoas")
    async def create(request: Request) -> HTTPResponse:
        orjson.loads(request.body)
        return raw(_PERSON, 201, {"Location": f"/pessoas/{_ID}"}, "application/json")

    @app.get("/pessoas/<key:str>")
    async def get(request: Request, key: str) -> HTTPResponse:
        return raw(_PERSON, content_type="application/json")

    server = await app.create_server(
        sock=listener, backlog=forked.BACKLOG, return_asyncio_server=True, access_log=False
    )
    assert server is not None
    await server.startup()
    await server.start_serving()
    return server


if __name__ == "__main__":
    sys.exit(forked.run("bare Sanic", _serve))
