"""One worker: a Sanic server on a socket that the supervisor holds, from its start to its orderly end."""

import asyncio
import logging
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import NamedTuple

import uvloop
from sanic.models.server_types import Signal
from sanic.server.async_server import AsyncioServer

from goseventh import door, tuned
from goseventh.app import create_app
from goseventh.operators import Facts, Guard
from goseventh.place import Place
from goseventh.problems import unavailable
from goseventh.protocol import StrictProtocol, Timeouts
from goseventh.settings import Settings
from goseventh.tally import Tally
from goseventh.watch import Watch
from storage.errors import Unusable

BACKLOG = 4096
"""Connections that wait to be accepted; what the kernel allows (somaxconn) if that is less."""
BROKEN = 70
"""Exit code of a worker that can't write any more and wants to be replaced (EX_SOFTWARE)."""
_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_SWEEP_SECONDS = 0.5
# Kept-alive clients get an answer with `Connection: close` first, so that none runs into a closed door.
_FAREWELL_SECONDS = 0.15
# How long whoever is half in when nobody new is let in takes to be wholly in; over a network about as long.
_ARRIVAL_SECONDS = 0.02
_DRAIN_SECONDS = 3.0
_REFUSAL_SECONDS = 0.1

_log = logging.getLogger("goseventh")


class Shared(NamedTuple):
    """What all workers have of the main process."""

    place: Place
    """Where people are."""
    started: float
    """When the server was, by the monotonic clock."""
    since: float
    """The same moment in seconds since 1970."""
    tally: Tally


def run(
    settings: Settings, shared: Shared, index: int, listener: socket.socket, ready: Callable[[], None]
) -> int:
    """Serves until SIGTERM or SIGINT, then finishes what was accepted. Returns the exit code.

    Runs in a forked process whose signals are blocked; they are let in once there is a handler for them.
    `index` is this worker's place among all; `ready` is called when connections are answered.
    """
    tuned.tune()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            watch = Watch(shared.tally, index, access_log=settings.access_log)
            return runner.run(_serve(settings, shared, watch, listener, ready))
        except Unusable as error:
            _log.error("%s", error)
            return 1


async def _serve(
    settings: Settings, shared: Shared, watch: Watch, listener: socket.socket, ready: Callable[[], None]
) -> int:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    broken = asyncio.Event()
    for number in _STOPPING:
        loop.add_signal_handler(number, stop.set)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (*_STOPPING, signal.SIGCHLD))

    def give_up() -> None:
        broken.set()
        stop.set()

    store = await shared.place.open(give_up, watch)
    app = create_app(
        store,
        settings.limits,
        watch,
        Guard(settings.admin_token, listener.getsockname()[0]),
        Facts(shared.place.strategy, shared.started, shared.since, settings.ui),
    )
    door.open_again(listener)
    # The server closes its own when it stops, and whoever waits there would be reset.
    entrance = listener.dup()
    server = await app.create_server(
        sock=listener, protocol=StrictProtocol, backlog=BACKLOG, return_asyncio_server=True, access_log=False
    )
    assert server is not None
    await server.startup()
    watch.connections = server.connections
    await server.start_serving()
    watch.serve()
    ready()

    async def adopt() -> None:
        """Lets in whoever has connected up to now, unless another worker will, and closes the entrance."""
        make = partial(
            StrictProtocol, loop=loop, app=app, connections=server.connections, signal=Signal(), unix=None
        )
        if not broken.is_set():
            door.shut(entrance)
            await asyncio.sleep(_ARRIVAL_SECONDS)
            with suppress(BlockingIOError):
                while True:
                    connection, _ = entrance.accept()
                    connection.setblocking(False)
                    await loop.connect_accepted_socket(make, connection)
        entrance.close()

    sweeper = loop.create_task(
        _sweep(
            server,
            Timeouts(settings.head_timeout, settings.body_timeout, settings.idle_timeout),
            watch,
            store.waiting,
        )
    )
    await stop.wait()
    watch.stop()
    sweeper.cancel()
    app.config.KEEP_ALIVE = False
    # A broken worker lets nobody in any more: who waits at its socket is answered by the next one.
    await _drain(server, 0.0 if broken.is_set() else _FAREWELL_SECONDS, adopt)
    await store.close()
    return BROKEN if broken.is_set() else 0


async def _sweep(server: AsyncioServer, timeouts: Timeouts, watch: Watch, waiting: Callable[[], int]) -> None:
    """Keeps every connection's deadlines, and notes how many there are, and creations that wait."""
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        watch.measure(waiting())
        now = monotonic()
        for connection in tuple(server.connections):
            try:
                connection.enforce(timeouts, now)
            except Exception:
                _log.exception("a connection's deadlines could not be kept")


async def _drain(server: AsyncioServer, farewell: float, adopt: Callable[[], Awaitable[None]]) -> None:
    """Serves on for `farewell` seconds, then lets nothing new in, answers what was accepted, and closes."""
    for connection in tuple(server.connections):
        connection.finish()
    await asyncio.sleep(farewell)
    server.close()
    await adopt()
    for connection in tuple(server.connections):
        connection.close_if_idle()
    deadline = monotonic() + _DRAIN_SECONDS
    while server.connections and monotonic() < deadline:
        await asyncio.sleep(0.01)
        for connection in tuple(server.connections):
            connection.close_if_idle()
    for connection in tuple(server.connections):
        connection.refuse(unavailable("The server is stopping."))
    await asyncio.sleep(_REFUSAL_SECONDS)
    for connection in tuple(server.connections):
        connection.abort()
