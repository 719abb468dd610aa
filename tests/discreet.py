"""What no answer may tell."""

import re

from tests.serving import Reply, Server

_MEMBERS = {"type", "title", "status", "detail", "field", "existing"}
# Of a trace, of this machine, of settings and of what is inside.
_TOLD = re.compile(
    r"Traceback|\bline \d|\.py\b|0x[0-9a-f]{4}|Error:|Exception|/(?:tmp|home|usr|opt|var|data|proc)\b"
    r"|GOSEVENTH|--[a-z]|lmdb|sanic|uvloop|python|errno",
    re.IGNORECASE,
)


def assert_discreet(reply: Reply, server: Server) -> None:
    """The answer is one of problem details that tell nothing of the server but its limits."""
    assert reply.status >= 400
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Server"] is None
    assert set(reply.json) <= _MEMBERS
    assert re.fullmatch(r"[^\n]+[.…]", reply.json["detail"])
    told = reply.body.decode() + str(reply.headers)
    assert not _TOLD.search(told), told
    assert str(server.directory) not in told
