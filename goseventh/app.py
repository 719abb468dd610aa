"""The Sanic application: endpoints over a store, and every error turned into an answer."""

import asyncio
import logging

from sanic import Request, Sanic
from sanic.exceptions import MethodNotAllowed, SanicException
from sanic.handlers import ErrorHandler

from goseventh import docs, openapi, operators, request_id, routes
from goseventh.answers import Answer
from goseventh.crowd import Crowd
from goseventh.endpoints import App
from goseventh.limits import Limits
from goseventh.operators import Facts, Guard
from goseventh.problems import Problem, unavailable
from goseventh.store import Store
from goseventh.unread import Unread
from goseventh.watch import Watch
from storage.errors import Full, StoreError

_log = logging.getLogger("goseventh")
_DETAILS = {
    400: "The request breaks HTTP.",
    404: "There is nothing here.",
    405: "This path does not know this method.",
    408: "The request came too slowly.",
    413: "The body is too large.",
}


class Problems(ErrorHandler):
    """Answers every exception with problem details."""

    def response(self, request: Request | None, exception: BaseException) -> Answer:
        """The answer for whatever a handler, or Sanic itself, raised."""
        if isinstance(exception, MethodNotAllowed) and request is not None and request.path.endswith("/"):
            return Problem(404, _DETAILS[404]).answer()  # Sanic tells them apart only for methods it knows
        return to_problem(exception, request).answer()


def to_problem(error: BaseException, request: Request | None = None) -> Problem:
    """What to tell the client of `error`; only what nobody foresaw is logged."""
    match error:
        case Problem():
            return error
        case Full():
            return Problem(507, f"Nobody can be created: {error}.")
        case StoreError():
            return unavailable(f"Try again: {error}.")
        case asyncio.CancelledError():
            return unavailable("The request was cut short.")
        case MethodNotAllowed():
            return Problem(405, _DETAILS[405], headers={"Allow": _methods(error)})
        case SanicException() if error.status_code in _DETAILS:
            return Problem(error.status_code, _DETAILS[error.status_code])
    about = {} if request is None else {"request_id": request_id.of(request)}
    _log.error("an error that nobody foresaw", exc_info=error, extra={"fields": about})
    return Problem(500, "The server has a defect.")


def _methods(error: MethodNotAllowed) -> str:
    """The methods that Sanic's router knew, in one order whatever its own."""
    return ", ".join(sorted(str(error.headers["Allow"]).split(", ")))


def create_app(store: Store, limits: Limits, watch: Watch, guard: Guard, facts: Facts) -> App:
    """The application over an open store; what operators see of it is `facts` and `watch`, behind `guard`."""
    # Sanic keeps its applications by name; a process that makes several (a test) drops the one before.
    Sanic._app_registry.pop("goseventh", None)
    app = Sanic("goseventh", strict_slashes=True, configure_logging=False, error_handler=Problems())
    app.config.REQUEST_MAX_SIZE = limits.body
    app.ctx.limits = limits
    app.ctx.crowd = Crowd(limits.connections)
    app.ctx.unread = Unread()
    app.ctx.watch = watch
    app.config.ACCESS_LOG = False
    app.config.MOTD = False
    # Has Sanic strip its hot path of hooks that nobody uses, as it does for servers that it starts itself.
    app.state.primary = True
    routes.add(app, store, limits, watch)
    operators.add(app, store, watch, guard, facts)
    docs.add(app, openapi.document(limits, guard))
    return app
