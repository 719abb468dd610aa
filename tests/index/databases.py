"""A database for tests of the index."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lmdb


@contextmanager
def opened(directory: Path) -> Iterator[tuple[lmdb.Environment, lmdb._Database]]:
    """A new environment with one named database; there may be a second."""
    with lmdb.open(str(directory), map_size=1 << 30, max_dbs=2, sync=False) as environment:
        yield environment, environment.open_db(b"terms")
