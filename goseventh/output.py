"""Standard output: results line by line, and what is long whole, whatever signals come meanwhile."""

import io
import os
import sys
from typing import BinaryIO, TextIO

from goseventh.endings import FAULTY

# Why something that was done could not be said, if so.
# Standard output is one for the process, and so is this.
_lost: list[OSError] = []


def say(line: str) -> None:
    """Writes a line of a result, at once. Never raises OSError: what is done stays done, see `unsaid`."""
    try:
        print(line, flush=True)
    except OSError as error:
        _lost.append(error)
        silence(sys.stdout)


def unsaid() -> int:
    """Tells in one line if results could not be written. Returns FAULTY then, else 0.

    Whoever reads and has seen enough is told nothing.
    """
    lost = [error for error in _lost if not isinstance(error, BrokenPipeError)]
    _lost.clear()
    if not lost:
        return 0
    said = f"standard output can't be written: {lost[0].strerror}; what was asked for was done"
    print(f"goseventh: {said}", file=sys.stderr)
    return FAULTY


def silence(stream: TextIO) -> None:
    """Has what is still buffered go nowhere: to write it at the end would fail once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def take_any_name() -> None:
    """Has names of files that are no UTF-8 come out as they are."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")


def output() -> BinaryIO:
    """A writer of bytes to standard output, to be flushed by whoever is done.

    Python's own may be unbuffered (PYTHONUNBUFFERED): a write that a signal breaks off then loses its rest.
    """
    return open(sys.stdout.fileno(), "wb", closefd=False)
