"""`goseventh serve`: from settings to a running server, or to one clear line why not."""

import logging
import socket
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import monotonic, time

from goseventh import logs, worker
from goseventh.directory import hold, opened
from goseventh.endings import persons
from goseventh.limits import raise_file_limit
from goseventh.settings import Settings
from goseventh.supervisor import Supervisor, listen
from goseventh.tally import Tally
from storage import people
from storage.errors import Unusable

_log = logging.getLogger("goseventh")


def serve(settings: Settings) -> int:
    """Serves until told to stop. Returns the exit code: 1 for what can't be used, said in one line."""
    logs.begin(settings.log_format)
    raise_file_limit()
    try:
        listeners = _listen(settings)
        found = _prepare(settings.data_dir, settings.map_size, settings.emulate_flush_ms)
    except Unusable as error:
        print(f"goseventh: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    host, port = listeners[0].getsockname()[:2]

    def started() -> None:
        with suppress(OSError, AttributeError, ValueError):  # whoever closed the output does not want it
            announce()

    def announce() -> None:
        place = f"[{host}]" if ":" in host else host
        plural = "s" if settings.workers > 1 else ""
        print(f"GoSeventh listens on http://{place}:{port} with {settings.workers} worker{plural}")
        strategy = settings.strategy.within(settings.write_behind_window)
        print(f"strategy {strategy.name}: {strategy.promise}")
        print(f"{persons(found)} in {settings.data_dir}", flush=True)

    shared = worker.Shared(monotonic(), time(), Tally(settings.workers))
    return Supervisor(listeners, partial(worker.run, settings, shared), started).run()


def _listen(settings: Settings) -> list[socket.socket]:
    """The listening sockets; raises Unusable."""
    place = f"{settings.host}:{settings.port}"
    try:
        return listen(settings.host, settings.port, settings.workers, worker.BACKLOG)
    except socket.gaierror as error:
        raise Unusable(f"can't listen on {place}: {error.strerror}; choose another --host") from error
    except OSError as error:
        raise Unusable(
            f"can't listen on {place}: {error.strerror}; "
            "stop what listens there, or choose another --port or --host"
        ) from error


def _prepare(directory: Path, map_size: int, flush_delay: float = 0.0) -> int:
    """Makes what is missing and takes the lock that workers inherit; how many people are there.

    Raises Unusable; what was there before stays as it was.
    """
    hold(directory)
    # Closed again before the fork: an open environment must not be carried across one.
    with opened(directory, map_size, flush_delay) as environment, environment.lmdb.begin() as snapshot:
        return people.count(environment, snapshot)
