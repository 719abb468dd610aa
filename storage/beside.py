"""Reading a store while a server may have it open, and people waiting in its log.

The directory's lock is not taken: a server that is to start meanwhile must not be refused. LMDB's own locks
do what is needed, as between workers; so whoever reads must see the same processes as they, in the same
container.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import lmdb
from lmdb import Transaction, _Database

from storage import pending_format
from storage.environment import MOVED_KEY, open_shared
from storage.errors import Unusable
from storage.layout import present, refuse_empty
from storage.pending_format import Group
from storage.records import Person, unpack_moved
from storage.recovery import waiting_groups


class Beside(NamedTuple):
    """An open store that is only read, and its log as of a moment before."""

    lmdb: lmdb.Environment
    log: Sequence[Group]

    def databases(self, snapshot: "Transaction[Any]") -> dict[str, _Database]:
        """Those that there are, by their names."""
        names = present(self.lmdb)
        return {name.decode(): self.lmdb.open_db(name, snapshot, create=False) for name in names}

    def waiting(self, snapshot: "Transaction[Any]") -> list[Person]:
        """Who was answered when the log was read and is not in the snapshot, oldest first."""
        stored = snapshot.get(MOVED_KEY, db=self.databases(snapshot)["meta"])
        return pending_format.waiting(self.log, unpack_moved(None if stored is None else bytes(stored)))


@contextmanager
def reading(directory: Path, map_size: int) -> Iterator[Beside]:
    """Opens the store in `directory`; raises Unusable for what is none, or can't be read.

    As long as a snapshot of it lives the server can't use pages again, and its file grows the more.
    """
    refuse_empty(directory)
    try:
        log = waiting_groups(directory)
    except OSError as error:
        raise Unusable(f"who waits in {directory} can't be read: {error.strerror}") from error
    with open_shared(directory, map_size) as environment:
        yield Beside(environment, log)
