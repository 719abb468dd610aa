"""One process tree a data directory: LMDB's own locks can't tell two containers apart."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import Unusable


def take(directory: Path) -> int:
    """Locks `directory` for this process and all that it forks; the lock goes with the last of them.

    Returns the descriptor that holds it. Raises Unusable while another server or tool has it.
    The directory itself is locked, so that looking leaves no trace in it.
    """
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise Unusable(f"{directory} can't be used: {error.strerror}; choose another directory") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if not isinstance(error, BlockingIOError):
            raise Unusable(
                f"{directory} can't be locked: {error.strerror}; choose a local directory"
            ) from error
        raise Unusable(
            f"{directory} is in use by another server or tool: stop it, or choose another directory"
        ) from error
    return descriptor


@contextmanager
def unless_held(file: int) -> Iterator[bool]:
    """Holds the lock on an open file, or says False at once while another process does."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
        return
    try:
        yield True
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)
