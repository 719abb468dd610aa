"""Whether the file of a store can be read at all: found by reading its bytes, never by handing it to LMDB."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import lmdb.verify

from storage.errors import Unusable
from storage.layout import DATA_FILE

Progress = Callable[[int, int | None, str], None]
"""Told how much is done, of how much (None where nobody knows), and what is being checked."""

_PIECE = 1 << 20


def unseen(done: int, total: int | None, what: str) -> None:
    """Progress that nobody looks at."""


def audit(directory: Path, progress: Progress = unseen) -> Iterator[str]:
    """One line for each fault of the file in `directory`: any of them could end a process that maps it.

    Takes 2 bytes of memory a page of the file. Only the holder of the directory's lock may call this. Raises
    Unusable if there is no file, or none that may be read.
    """
    path = directory / DATA_FILE
    try:
        with path.open("rb", buffering=0) as file:
            unreadable = list(_unreadable(file.fileno(), progress))
    except FileNotFoundError as error:
        raise Unusable(f"{directory} holds no store: choose another directory") from error
    except OSError as error:
        raise Unusable(f"{path} can't be opened: {error.strerror}") from error
    if unreadable:
        yield from unreadable
        return
    progress(0, None, "structure")
    try:
        yield from lmdb.verify.verify(path, subdir=False)  # type: ignore[no-untyped-call]
    except lmdb.verify.VerifyError as error:
        yield str(error)


def _unreadable(file: int, progress: Progress) -> Iterator[str]:
    """Where the disk does not give what was written. What it gives is in memory for what comes next."""
    size = os.fstat(file).st_size
    for at in range(0, size, _PIECE):
        progress(at, size, "file")
        try:
            os.pread(file, _PIECE, at)
        except OSError as error:
            yield f"bytes {at} to {min(at + _PIECE, size) - 1} can't be read: {error.strerror}"
