"""One virtual user: a TCP connection of its own, one request (a creator: two), and the answer's bytes.

A user never blocks and starts no task: the load (`load.py`) owns the selector and calls it when its socket is
ready. That costs a fraction of a coroutine per user, and the generator must stay small beside the server.
"""

import errno
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httptools

from goseventh.bench.open_load.exchange import Exchange

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
CHUNK = 32 * 1024  # takes most answers of 50 people in one go
ONGOING = (BlockingIOError, InterruptedError)


class Target:
    """Where users connect, resolved once; shared by all users of a load."""

    def __init__(self, host: str, port: int) -> None:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        self.family: socket.AddressFamily = found[0]
        self.address: tuple[Any, ...] = found[4]


class User:
    """Sends requests one after another; `answered` is called after each, whether it came whole or not.

    The methods of no underscore below `ready` are httptools' callbacks.
    """

    __slots__ = ("_answered", "_body", "_out", "_parser", "_selector", "_sock", "_target", "exchange")

    def __init__(
        self, target: Target, selector: selectors.BaseSelector, answered: Callable[["User"], None]
    ) -> None:
        self._target, self._selector, self._answered = target, selector, answered
        self._sock: socket.socket | None = None
        self._out = b""  # what the kernel has not taken yet
        self._body: list[bytes] = []

    def send(self, exchange: Exchange, request: bytes) -> None:
        """Start `request`, over the connection there is or else a new one."""
        exchange.left = time.perf_counter()
        self.exchange, self._out = exchange, request
        try:
            if self._sock is None:
                self._connect()
            self._flush()
        except OSError as error:
            self.fail(_reason(error))

    def ready(self, mask: int) -> None:
        """The selector found the socket readable, writable or broken."""
        try:
            if self._out:
                self._flush()
            elif mask & READ:
                self._receive()
        except OSError as error:
            self.fail(_reason(error))

    def fail(self, why: str) -> None:
        """Give up: the request at hand, if any, counts as missing."""
        self.close()
        if not self.exchange.ended:
            self.exchange.fault = why
            self._answered(self)

    def close(self) -> None:
        """Hang up; harmless when that was done before."""
        if self._sock is not None:
            self._selector.unregister(self._sock)
            self._sock.close()
            self._sock = None

    def on_header(self, name: bytes, value: bytes) -> None:
        lowered = name.lower()
        if lowered == b"location":
            self.exchange.location = value.decode("latin-1")
        elif lowered == b"content-type":
            self.exchange.content_type = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self.exchange.status = self._parser.get_status_code()
        self.exchange.body = b"".join(self._body)
        self.exchange.done = time.perf_counter()
        self._body.clear()

    def _connect(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        sock = socket.socket(self._target.family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.connect(self._target.address)
        except ONGOING:
            pass
        except OSError:
            sock.close()
            raise
        # On loopback the handshake is over by now, so mostly the request leaves at once, without a wakeup.
        self._selector.register(sock, READ, self)
        self._sock = sock

    def _flush(self) -> None:
        assert self._sock is not None
        waited = self._selector.get_key(self._sock).events
        with suppress(*ONGOING):
            self._out = self._out[self._sock.send(self._out) :]
        wanted = READ | WRITE if self._out else READ
        if wanted != waited:
            self._selector.modify(self._sock, wanted, self)

    def _receive(self) -> None:
        assert self._sock is not None
        try:
            data = self._sock.recv(CHUNK)
        except ONGOING:
            return
        if not data:
            # Between a 201 and its read-back a server may hang up; the read-back then connects anew.
            self.fail("connection closed before the whole answer")
        elif self.exchange.done:
            self.exchange.fault = "more bytes after the answer"
            self.close()
        else:
            try:
                self._parser.feed_data(data)
            except (httptools.HttpParserError, httptools.HttpParserUpgrade):
                self.exchange.done = 0.0
                self.fail("the answer breaks HTTP")
            else:
                if self.exchange.done:
                    self._answered(self)


def _reason(error: OSError) -> str:
    """What kept a request from its answer, and whose fault that was."""
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "this generator may open no more files: raise its limit (ulimit -n), or lower --speed"
    return error.strerror or str(error)
