"""What operators see of a running server, and who may: whoever has the token, or nobody from elsewhere."""

import hmac
import ipaddress
from time import monotonic
from typing import NamedTuple

import orjson
from sanic import Request

from goseventh import endpoints, metrics, tally, ui
from goseventh.answers import JSON, Answer
from goseventh.endpoints import App, Handler
from goseventh.problems import Problem
from goseventh.store import Store
from goseventh.versions import versions
from goseventh.watch import Watch
from storage.errors import StoreError
from storage.strategies.table import Strategy


class Facts(NamedTuple):
    """What does not change while a server runs."""

    strategy: Strategy
    """With the window in force."""
    started: float
    """By the monotonic clock, which all its processes share."""
    since: float
    """The same moment in seconds since 1970."""
    ui: bool
    """Whether there is a page to look at."""


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
        self.asks = token is not None
        """Whether it lets in only who has the token."""

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


def add(app: App, store: Store, watch: Watch, guard: Guard, facts: Facts) -> None:
    """Adds the operators' pages to `app`, if anybody may see them."""
    if not guard.lets_somebody_in:
        return

    async def stats(request: Request) -> Answer:
        found = await store.figures()
        shown = {
            "people": found.people,
            **versions(),
            "strategy": facts.strategy.name,
            "promise": facts.strategy.promise,
            "uptime_seconds": round(monotonic() - facts.started, 3),
            "workers": sum(watch.shared.column(tally.SERVING)),
            "store": found.shown,
            "requests": _requests(watch.shared.sums()),
            "latency_bounds": tally.SECONDS,
        }
        return Answer(200, orjson.dumps(shown), JSON)

    async def shown_to_prometheus(request: Request) -> Answer:
        watch.measure(store.waiting())
        try:
            gauges = (await store.figures()).gauges
        except StoreError:  # just then somebody has to look at the rest
            gauges = ()
        found = metrics.collect(watch.shared, gauges, facts.strategy.name, facts.since)
        body, kind = metrics.render(found, request.headers.get("accept", ""))
        return Answer(200, body, kind)

    endpoints.STATS.add(app, guard.protect(stats))
    endpoints.METRICS.add(app, guard.protect(shown_to_prometheus))
    if facts.ui:
        ui.add(app)


def _requests(cells: list[int]) -> list[dict[str, object]]:
    """How many requests each endpoint has answered, by status, and how long that took.

    `latency` says how many took at most each of `latency_bounds`, in seconds, and more than the one before;
    the last says how many took longer than all.
    """
    return [
        {
            "method": endpoint.method,
            "path": endpoint.path,
            "statuses": {
                str(status): cells[column] for status, column in columns.statuses.items() if cells[column]
            },
            "latency": columns.seconds.buckets(cells),
        }
        for endpoint in endpoints.ENDPOINTS
        for columns in [tally.ANSWERED[endpoint.name]]
        if any(cells[column] for column in columns.statuses.values())
    ]
