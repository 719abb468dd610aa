"""Every endpoint once: name, method and path. Routes, metrics and the API's document derive from it."""

from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, NamedTuple

from sanic.app import Sanic
from sanic.config import Config

from goseventh.answers import Answer

App = Sanic[Config, SimpleNamespace]
Handler = Callable[..., Coroutine[Any, Any, Answer]]


class Endpoint(NamedTuple):
    """A method of a path; where that is GET, HEAD does what it does."""

    name: str
    method: str
    path: str
    """As OpenAPI writes it: `{key}` stands for a segment of any text."""

    def add(self, app: App, handler: Handler) -> None:
        """Has `app` answer it by `handler`."""
        methods = ["GET", "HEAD"] if self.method == "GET" else [self.method]
        app.add_route(
            handler, self.path.replace("{", "<").replace("}", ":str>"), methods=methods, name=self.name
        )


CREATE = Endpoint("create", "POST", "/pessoas")
SEARCH = Endpoint("search", "GET", "/pessoas")
GET = Endpoint("get", "GET", "/pessoas/{key}")
COUNT = Endpoint("count", "GET", "/contagem-pessoas")
HEALTH = Endpoint("health", "GET", "/health")
READY = Endpoint("ready", "GET", "/ready")
STATS = Endpoint("stats", "GET", "/stats")
METRICS = Endpoint("metrics", "GET", "/metrics")
OPENAPI = Endpoint("openapi", "GET", "/openapi.json")
DOCS = Endpoint("docs", "GET", "/docs")
DOCS_FILE = Endpoint("docs_file", "GET", "/docs/{key}")
UI = Endpoint("ui", "GET", "/ui")
UI_FILE = Endpoint("ui_file", "GET", "/ui/{key}")
ENDPOINTS = (
    CREATE, SEARCH, GET, COUNT, HEALTH, READY, STATS, METRICS, OPENAPI, DOCS, DOCS_FILE, UI, UI_FILE
)  # fmt: skip
