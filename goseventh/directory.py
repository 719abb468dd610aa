"""The data directory as commands take it: made where there is none, locked, with all the last run left."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import storage.lock
from storage import partial
from storage.environment import Environment, open_environment
from storage.errors import Unusable
from storage.layout import check, create
from storage.recovery import recover


def hold(directory: Path) -> None:
    """Makes the directory if there is none, and locks it for this process and all that it forks.

    Raises Unusable, also for one that can't be written.
    """
    try:
        if not directory.exists():
            directory.mkdir(mode=0o750)
    except OSError as error:
        raise Unusable(f"{directory} can't be made: {error.strerror}; choose another --data-dir") from error
    storage.lock.take(directory)
    if not os.access(directory, os.W_OK | os.X_OK):
        raise Unusable(f"{directory} is not writable: change its owner or mode, or choose another --data-dir")


@contextmanager
def opened(directory: Path, map_size: int, flush_delay: float = 0.0) -> Iterator[Environment]:
    """The store in a directory that is held, made if there is none, with everybody the last run left in it.

    Raises Unusable; what was there before stays as it was.
    """
    create(directory)
    check(directory)
    partial.sweep(directory)
    environment = open_environment(directory, map_size, flush_delay)
    try:
        recover(directory, environment)
        yield environment
    finally:
        environment.close()


@contextmanager
def scratch(map_size: int) -> Iterator[Environment]:
    """An empty store in TMPDIR, of which nothing is left however this process ends: it has no name by then.

    Raises Unusable.
    """
    chosen = os.environ.get("TMPDIR")
    try:
        place = TemporaryDirectory(prefix="goseventh-", dir=chosen)
    except OSError as error:
        raise Unusable(f"TMPDIR, {chosen or 'by default'}, can't be used: {error.strerror}") from error
    with place, opened(Path(place.name), map_size) as environment:
        environment.settle()  # the last for which its file needs a name, as long as no commit fails
        place.cleanup()
        yield environment
