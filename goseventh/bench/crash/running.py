"""What the crashes need of a server, and how they talk to it."""

import http.client
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self, TypeVar

import orjson

_DEADLINE = 20.0
T = TypeVar("T")


class Reply(NamedTuple):
    """A whole answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Running(Protocol):
    """A server that runs until its context ends."""

    def connect(self) -> http.client.HTTPConnection:
        """A connection that is kept alive from request to request."""

    def stop(self) -> int:
        """Ends it in order; its exit code."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


AnyRunning = TypeVar("AnyRunning", bound=Running)
Start = Callable[[Path, Mapping[str, str]], AnyRunning]
"""Starts one over a directory, with more variables in its environment."""


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None, **headers: str
) -> Reply:
    """One request on `connection`."""
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    return Reply(response.status, response.headers, response.read())


def until(condition: Callable[[], T | None], pause: float = 0.02) -> T:
    """Polls until `condition()` is true; its value. Raises TimeoutError when that takes too long."""
    deadline = time.monotonic() + _DEADLINE
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError("it did not happen in time")
        time.sleep(pause)
    return value
