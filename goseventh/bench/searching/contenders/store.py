"""GoSeventh's own store: written in large groups, its signatures complete, searched in this process."""

import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from goseventh.bench.searching.contenders.shape import EXACT, FUZZY, Search
from goseventh.bench.searching.texts import Texts
from index.text import needle
from storage import people
from storage.environment import open_environment
from storage.layout import DATA_FILE, create
from storage.people import Created
from storage.records import Record
from storage.store import MAP_SIZE, Store
from storage.strategies import table

_SIGN_SECONDS = 3600.0
_ROWS = frozenset({b"people", b"nicknames", b"meta"})


class _Keys(Sequence[bytes]):
    """The ids in the order they were made, which is their own order."""

    def __init__(self) -> None:
        self._whole = bytearray()

    def __len__(self) -> int:
        return len(self._whole) // 16

    def __getitem__(self, at: Any) -> Any:
        return bytes(self._whole[at * 16 : at * 16 + 16])

    def add(self, keys: Sequence[bytes]) -> None:
        self._whole += b"".join(keys)


class Embedded:
    """The store in a directory of its own, which others may serve once this is closed."""

    settings = (
        "GoSeventh's store, written by transactions of a whole batch, each flushed; its index is text, "
        "signatures and outlines; answers with whole people"
    )

    def __init__(self, directory: Path, texts: Texts) -> None:
        self.directory = directory
        create(directory)
        self._building = open_environment(directory, MAP_SIZE)
        self._store: Store[None] | None = None
        self._keys = _Keys()
        self._pages: dict[bytes, int] = {}
        self.ways: Mapping[str, Search] = {}

    def add(self, first: int, batch: Sequence[Record]) -> None:
        with self._building.writing() as transaction:
            outcomes = people.apply(self._building, transaction, batch)
        if not all(isinstance(outcome, Created) for outcome in outcomes):
            raise ValueError("a nickname came twice")
        self._keys.add([outcome.id for outcome in outcomes])

    def finish(self) -> None:
        self._building.close()
        with self._open() as store:
            _wait_for_signatures(store)
        self._pages = _page_bytes(self.directory)
        self._store = store = self._open()
        self.ways = {EXACT: lambda term, limit: store.search(needle(term), limit), FUZZY: store.resembling}

    def index_bytes(self) -> int:
        return sum(size for name, size in self._pages.items() if name not in _ROWS)

    def sizes(self) -> dict[str, int]:
        """Bytes of the whole file, of the exact search's tables and of the forgiving one's."""
        return {
            "file_bytes": (self.directory / DATA_FILE).stat().st_size,
            "signature_bytes": self._pages[b"signatures"],
            "outline_bytes": self._pages[b"outlines"],
        }

    def numbers(self, found: Any) -> list[int]:
        keys = [UUID(orjson.loads(document)["id"]).bytes for document in found]
        return [bisect_left(self._keys, key) + 1 for key in keys]

    def ids(self, numbers: Iterable[int]) -> list[str]:
        """The ids of these people as a path has them."""
        return [str(UUID(bytes=self._keys[number - 1])) for number in numbers]

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
        else:
            self._building.close()

    def _open(self) -> Store[None]:
        return Store(self.directory, table.DEFAULT, lambda outcomes: None)


def _wait_for_signatures(store: Store[Any]) -> None:
    deadline = time.monotonic() + _SIGN_SECONDS
    while not store.signed():
        if time.monotonic() > deadline:
            raise TimeoutError("the signatures are not there after an hour")
        time.sleep(0.01)


def _page_bytes(directory: Path) -> dict[bytes, int]:
    """Bytes of the pages of each database."""
    environment = open_environment(directory, MAP_SIZE)
    try:
        sizes = {}
        for name in map(bytes, environment.lmdb.dbs()):
            database = environment.lmdb.open_db(name, create=False)
            with environment.lmdb.begin() as snapshot:
                stat = snapshot.stat(database)
            sizes[name] = stat["psize"] * (stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"])
        return sizes
    finally:
        environment.close()
