"""What a store is like, for its operator: how many people it holds, and what they take."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import lmdb
from lmdb import Transaction, _Database

from storage import records
from storage.layout import present

# Those that say where all else begins.
_META_PAGES = 2


class Facts(NamedTuple):
    """As of one snapshot. Sizes are in bytes."""

    format: int
    """The version of the store's format: this build reads no other."""
    people: int
    """Everybody, and so also who waits."""
    waiting: int
    """Those of them who were answered and are not in the store yet, as far as whoever asks can know."""
    segments: int
    """Parts that the searchable text is in."""
    databases: Mapping[str, int]
    """Name of each database → the pages that it takes."""
    page: int
    used: int
    """All pages ever used: so much of the map, and of the disk, is taken."""
    free_pages: int
    """Those of them that nothing is in: to be used again, or holding the list of such."""
    map: int
    """The most that the store can grow to, in this process."""
    readers: int
    """Slots for readers that are taken, by live processes or by dead ones who are not forgotten yet."""
    reader_slots: int


def live_bytes(environment: lmdb.Environment) -> int:
    """About how large a copy of an open store is that has no free pages."""
    with environment.begin() as snapshot:
        stats = [
            snapshot.stat(environment.open_db(name, snapshot, create=False)) for name in present(environment)
        ]
    own = environment.stat()
    return int((_META_PAGES + _pages(own) + sum(map(_pages, stats))) * own["psize"])


def of(
    environment: lmdb.Environment,
    databases: Mapping[str, _Database],
    snapshot: "Transaction[Any]",
    waiting: int = 0,
) -> Facts:
    """The facts of an open store; cheap, for every figure is one that LMDB keeps.

    `databases` by their names, see `storage.layout.NAMES`. `waiting` people are not in `snapshot`.
    """
    counted = {name: snapshot.stat(database) for name, database in databases.items()}
    info, own = environment.info(), environment.stat()
    pages = {name: _pages(stat) for name, stat in counted.items()}
    last = info["last_pgno"] + 1
    return Facts(
        format=records.FORMAT,
        people=counted["people"]["entries"] + waiting,
        waiting=waiting,
        segments=counted["terms"]["entries"],
        databases={name: number * own["psize"] for name, number in pages.items()},
        page=own["psize"],
        used=last * own["psize"],
        free_pages=last - _META_PAGES - _pages(own) - sum(pages.values()),
        map=info["map_size"],
        # LMDB's own figure is how many there ever were at once. A line each, below a heading.
        readers=len(environment.readers().splitlines()) - 1,
        reader_slots=info["max_readers"],
    )


def _pages(stat: Mapping[str, Any]) -> int:
    return int(stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"])
