"""A small server of the benchmark's own, in workers such as `goseventh serve` has.

Forked by the same supervisor, with the same settings of the interpreter, uvloop and a socket each.
"""

import asyncio
import signal
import socket
import sys
from collections.abc import Awaitable, Callable

import uvloop

from goseventh import tuned
from goseventh.supervisor import Supervisor, listen

BACKLOG = 4096
Serve = Callable[[socket.socket], Awaitable[object]]
"""Begins to answer on a listening socket; what it returns is kept until the worker ends."""


def run(name: str, serve: Serve) -> int:
    """Serves with as many workers as the first argument says, until told to stop; prints where."""
    workers = int(sys.argv[1])
    listeners = listen("127.0.0.1", 0, workers, BACKLOG)
    port = listeners[0].getsockname()[1]

    def started() -> None:
        print(f"{name} listens on http://127.0.0.1:{port}", flush=True)

    def work(_: int, listener: socket.socket, ready: Callable[[], None]) -> int:
        tuned.tune()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_until_stopped(serve, listener, ready))
        return 0

    return Supervisor(listeners, work, started).run()


async def _until_stopped(serve: Serve, listener: socket.socket, ready: Callable[[], None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD))
    serving = await serve(listener)
    ready()
    await stop.wait()
    del serving
