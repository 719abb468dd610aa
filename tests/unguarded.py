"""The server with HTTP as Sanic alone speaks it, to show what the guard costs and keeps out.

`python -m tests.unguarded serve …`: no head is checked, only Sanic's own timers end anything, and connections
come without an end.
"""

import sys
from typing import Any

from sanic.http import Http
from sanic.server.protocols.http_protocol import HttpProtocol

from goseventh import worker
from goseventh.cli import main
from goseventh.protocol import StrictProtocol, Timeouts
from goseventh.strict_http import StrictHttp

PROGRAM = "tests.unguarded"


class LooseHttp(Http):
    """Reads as Sanic does, answers as the server does."""

    http1_response_header = StrictHttp.http1_response_header


class LooseProtocol(HttpProtocol):
    """Sanic's own, with what the worker calls."""

    HTTP_CLASS = LooseHttp
    __slots__ = ("linger", "watch")
    finish = StrictProtocol.finish
    refuse = StrictProtocol.refuse

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.watch = self.app.ctx.watch

    def enforce(self, timeouts: Timeouts, now: float) -> None:
        """Nothing: Sanic's timers do it."""


if __name__ == "__main__":
    options: Any = vars(worker)
    options["StrictProtocol"] = LooseProtocol
    sys.exit(main())
