"""Standard output for what is long: whole, whatever signals come meanwhile."""

import sys
from typing import BinaryIO


def output() -> BinaryIO:
    """A writer of bytes to standard output, to be flushed by whoever is done.

    Python's own may be unbuffered (PYTHONUNBUFFERED): a write that a signal breaks off then loses its rest.
    """
    return open(sys.stdout.fileno(), "wb", closefd=False)
