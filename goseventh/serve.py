"""`goseventh serve`: from settings to a running server, or to one clear line why not."""

import socket
import sys
from contextlib import suppress
from functools import partial
from time import monotonic, time

from goseventh import logs, places, worker
from goseventh.endings import persons
from goseventh.limits import raise_file_limit
from goseventh.settings import Settings
from goseventh.supervisor import Supervisor, listen
from goseventh.tally import Tally
from storage.errors import Unusable


def serve(settings: Settings) -> int:
    """Serves until told to stop. Returns the exit code: 1 for what can't be used, said in one line.

    Raises SettingError for settings that don't go together.
    """
    place = places.choose(settings)
    logs.begin(settings.log_format)
    raise_file_limit()
    try:
        listeners = _listen(settings)
        found = place.prepare()
    except Unusable as error:
        print(f"goseventh: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    host, port = listeners[0].getsockname()[:2]

    def started() -> None:
        with suppress(OSError, AttributeError, ValueError):  # whoever closed the output does not want it
            announce()

    def announce() -> None:
        address = f"[{host}]" if ":" in host else host
        plural = "s" if settings.workers > 1 else ""
        print(f"GoSeventh listens on http://{address}:{port} with {settings.workers} worker{plural}")
        print(f"strategy {place.strategy.name}: {place.strategy.promise}")
        print(f"{persons(found)} in {place.name}", flush=True)

    shared = worker.Shared(place, monotonic(), time(), Tally(settings.workers))
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
