"""`goseventh serve`: from settings to a running server, or to one clear line why not."""

import logging
import os
import sys
from functools import partial
from pathlib import Path

import storage.lock
from goseventh import worker
from goseventh.settings import Settings
from goseventh.supervisor import Supervisor, listen
from storage.environment import check, create, flush, open_environment
from storage.errors import Unusable

_log = logging.getLogger("goseventh")


def serve(settings: Settings) -> int:
    """Serves until told to stop. Returns the exit code: 1 for what can't be used, said in one line."""
    logging.basicConfig(format="%(levelname)s: %(message)s", stream=sys.stderr, level=logging.INFO)
    try:
        people = _prepare(settings.data_dir, settings.map_size)
        listeners = listen(settings.host, settings.port, settings.workers, worker.BACKLOG)
    except Unusable as error:
        print(f"goseventh: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"goseventh: can't listen on {settings.host}:{settings.port}: {error.strerror}; "
            "stop what listens there, or choose another --port or --host",
            file=sys.stderr,
        )
        return 1
    host, port = listeners[0].getsockname()[:2]

    def started() -> None:
        place = f"[{host}]" if ":" in host else host
        plural = "s" if settings.workers > 1 else ""
        print(f"GoSeventh listens on http://{place}:{port} with {settings.workers} worker{plural}")
        print(f"strategy {settings.strategy.name}: {settings.strategy.promise}")
        print(f"{people} {'person' if people == 1 else 'people'} in {settings.data_dir}", flush=True)

    return Supervisor(listeners, partial(worker.run, settings), started).run()


def _prepare(directory: Path, map_size: int) -> int:
    """Makes the directory and the store where there are none, and takes the lock that workers inherit.

    Returns how many people are there. Raises Unusable; what was there before stays as it was.
    """
    if not directory.exists():
        try:
            directory.mkdir(mode=0o750)
            flush(directory.resolve().parent)
        except OSError as error:
            raise Unusable(
                f"{directory} can't be made: {error.strerror}; choose another --data-dir"
            ) from error
    storage.lock.take(directory)
    if not os.access(directory, os.W_OK | os.X_OK):
        raise Unusable(f"{directory} is not writable: change its owner or mode, or choose another --data-dir")
    create(directory)
    check(directory)
    # Closed again before the fork: an open environment must not be carried across one.
    environment = open_environment(directory, map_size)
    try:
        with environment.lmdb.begin() as snapshot:
            return snapshot.stat(environment.people)["entries"]
    finally:
        environment.lmdb.close()
