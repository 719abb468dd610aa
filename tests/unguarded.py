"""The server with HTTP as Sanic alone speaks it, to show what the guard costs and keeps out.

`python -m tests.unguarded serve …`: no head is checked, only Sanic's own timers end anything, and connections
come without an end.
"""

import sys
from typing import Any

from sanic.http import Http
from sanic.http.constants import HTTP
from sanic.server.protocols.http_protocol import HttpProtocol

from goseventh import worker
from goseventh.cli import main
from goseventh.protocol import StrictHttp, StrictProtocol, Timeouts

PROGRAM = "tests.unguarded"


class LooseHttp(StrictHttp):
    """Reads as Sanic does, answers as the server does."""

    http1_request_header = Http.http1_request_header
    read = Http.read


class LooseProtocol(StrictProtocol):
    """Sanic's own, with what the worker calls."""

    HTTP_CLASS = LooseHttp
    __slots__ = ()
    __version__ = HTTP.VERSION_1
    check_timeouts = HttpProtocol.check_timeouts
    connection_made = HttpProtocol.connection_made
    receive_more = HttpProtocol.receive_more
    eof_received = HttpProtocol.eof_received
    close = HttpProtocol.close

    def enforce(self, timeouts: Timeouts, now: float) -> None:
        """Nothing: Sanic's timers do it."""


if __name__ == "__main__":
    options: Any = vars(worker)
    options["StrictProtocol"] = LooseProtocol
    sys.exit(main())
