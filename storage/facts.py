"""What a store is like, for its operator: how many people it holds, and what they take."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import lmdb
from lmdb import Transaction, _Database

from storage import records


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
        # Two pages say where all else begins.
        free_pages=last - 2 - _pages(own) - sum(pages.values()),
        map=info["map_size"],
        readers=info["num_readers"],
        reader_slots=info["max_readers"],
    )


def _pages(stat: Mapping[str, Any]) -> int:
    return int(stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"])
