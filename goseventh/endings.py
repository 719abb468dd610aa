"""How commands on a data directory end: what went wrong as a line and an exit code."""

import signal
import sys
from collections.abc import Callable

import lmdb

from storage.errors import Full, StoreError, judged

FAULTY = 1
"""It was done, and something is not as it should be: faults found, lines refused."""
UNUSABLE = 2
"""It could not be done; a line on standard error says why."""


def ended(work: Callable[[], int], interrupted: str) -> int:
    """The exit code of `work`, or of what it raised; `interrupted` says what Ctrl-C left."""
    try:
        return work()
    except BrokenPipeError:
        raise
    except (StoreError, lmdb.Error, OSError) as error:
        print(f"goseventh: {' '.join(_said(error).split())}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        print(f"goseventh: interrupted: {interrupted}", file=sys.stderr)
        return 128 + signal.SIGINT


def _said(error: Exception) -> str:
    """Of the store what its error means; of a file that is read or written, what the system says."""
    found = judged(error)
    if isinstance(error, OSError) and not isinstance(found, Full):
        return str(error)
    return str(found)


def persons(number: int) -> str:
    """So many people, as one says it."""
    return f"{number} {'person' if number == 1 else 'people'}"
