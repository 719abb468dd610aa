"""What operators see of a running server, and who may: whoever has the token, or nobody from elsewhere."""

import hmac
import ipaddress
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any, NamedTuple

import orjson
from sanic import Request

from goseventh import __version__
from goseventh.answers import JSON, Answer
from goseventh.problems import Problem
from goseventh.routes import READ, App
from goseventh.store import Store
from storage.strategies.table import Strategy

Handler = Callable[[Request], Coroutine[Any, Any, Answer]]


class Facts(NamedTuple):
    """What does not change while a server runs."""

    strategy: Strategy
    """With the window in force."""
    started: float
    """By the monotonic clock, which all its processes share."""


class Guard:
    """Stands before every operators' page.

    With a token a request needs it. Without one there are such pages only while the server listens on
    loopback.
    """

    def __init__(self, token: str | None, address: str) -> None:
        """`address` is the one that is listened on, as the socket says it."""
        self._token = token.encode() if token is not None else None
        local = ipaddress.ip_address(address.partition("%")[0]).is_loopback
        self.lets_somebody_in = token is not None or local
        """If not, the pages must not even exist."""

    def protect(self, handler: Handler) -> Handler:
        """The handler behind this guard."""

        async def guarded(request: Request) -> Answer:
            self.check(request)
            return await handler(request)

        return guarded

    def check(self, request: Request) -> None:
        """Raises Problem (401) for whoever lacks the token, if there is one."""
        given = request.headers.getall("authorization", ())
        if self._token is not None and (len(given) != 1 or not _holds(given[0], self._token)):
            raise Problem(
                401, "This page needs the operators' token.", headers={"WWW-Authenticate": "Bearer"}
            )


def _holds(credentials: str, token: bytes) -> bool:
    """Whether these are the token's; takes equally long however much of it is right."""
    scheme, _, given = credentials.partition(" ")
    return hmac.compare_digest(given.strip().encode(errors="surrogateescape"), token) and (
        scheme.lower() == "bearer"
    )


def add(app: App, store: Store, guard: Guard, facts: Facts) -> None:
    """Adds the operators' pages to `app`, if anybody may see them."""
    if not guard.lets_somebody_in:
        return

    async def stats(request: Request) -> Answer:
        shown = {
            "version": __version__,
            "strategy": facts.strategy.name,
            "promise": facts.strategy.promise,
            "people": await store.count(),
            "uptime_seconds": round(monotonic() - facts.started, 3),
        }
        return Answer(200, orjson.dumps(shown), JSON)

    app.add_route(guard.protect(stats), "/stats", methods=READ, name="stats")
