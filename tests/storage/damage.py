"""A store of 40 people to be copied, and what it takes to damage a copy so that only `verify` can tell."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from lmdb import Transaction, _Database

from index import segment, tables, term_log
from index.segment import Entry
from index.tables import Span
from storage import records
from storage.environment import Environment, open_environment
from storage.people import Created
from storage.records import format_id
from storage.strategies import table
from tests.serving import until
from tests.storage.samples import record
from tests.storage.test_store import Opened

COUNT = 40
NOBODY = bytes(range(16))
"""An id that nobody has."""
SPAN, OTHER = Span(1, 16, 1), Span(17, 16, 1)
"""What is sealed, and has signatures."""


PARTS = 3
"""Of the signature of such a span, and of its outlines."""


class Whole(NamedTuple):
    """A store without a fault, of people who are called "number 1" and so on.

    With small tiers its segments begin with 1, 17 and 33; the first two are sealed, and have signatures.
    """

    place: Path
    ids: Sequence[bytes]
    """Of nobody, and then of people by their numbers."""


def make(place: Path) -> Whole:
    """Makes one."""
    made = Opened(place, table.DEFAULT)
    ids = [NOBODY]
    for number in range(1, COUNT + 1):
        created = made.create(f"number {number}")
        assert isinstance(created, Created)
        ids.append(created.id)
    environment = made.store._environment
    until(lambda: headers(environment) == [SPAN, OTHER])
    until(lambda: parts(environment, environment.outlines) == 2 * PARTS)
    with environment.lmdb.begin() as snapshot:
        assert list(term_log.numbers(snapshot, environment.terms)) == [1, 17, 33]
    made.store.close()
    return Whole(place, ids)


def parts(environment: Environment, database: _Database) -> int:
    """How many parts of tables there are."""
    with environment.lmdb.begin() as snapshot:
        return snapshot.stat(database)["entries"]


def headers(environment: Environment) -> list[Span]:
    """The spans of all finished signatures."""
    with environment.lmdb.begin() as snapshot:
        keys = list(map(bytes, snapshot.cursor(environment.signatures).iternext(values=False)))
    spans = [tables.span_of(key[: tables.PREFIX]) for key in keys if key[tables.PREFIX :] == bytes(2)]
    return [span for span in spans if span is not None]


class Store:
    """A copy in a write transaction."""

    def __init__(
        self, environment: Environment, transaction: "Transaction[bytes]", ids: Sequence[bytes]
    ) -> None:
        self.transaction = transaction
        self.ids = ids
        self.people, self.nicknames = environment.people, environment.nicknames
        self.terms, self.signatures, self.meta = environment.terms, environment.signatures, environment.meta

    def get(self, database: _Database, key: bytes) -> bytes:
        """A value that is there."""
        found = self.transaction.get(key, db=database)
        assert found is not None
        return found

    def put(self, database: _Database, key: bytes, value: bytes) -> None:
        self.transaction.put(key, value, db=database)

    def delete(self, database: _Database, key: bytes) -> None:
        assert self.transaction.delete(key, db=database)

    def flip(self, database: _Database, key: bytes, at: int) -> None:
        """Changes a bit of the byte `at` of a value."""
        changed = bytearray(self.get(database, key))
        changed[at] ^= 1
        self.put(database, key, bytes(changed))

    def swap(self, database: _Database, one: bytes, other: bytes) -> None:
        """Swaps the values of two keys."""
        first, second = self.get(database, one), self.get(database, other)
        self.put(database, one, second)
        self.put(database, other, first)

    def document(self, number: int) -> bytes:
        """What a person's record says."""
        return records.document(self.get(self.people, self.ids[number]))

    def rewrite(self, number: int, document: bytes, sequence: int | None = None) -> None:
        """Gives a person another document or sequence number, with the right checksum."""
        key = self.ids[number]
        stored = records.pack_person(key, number if sequence is None else sequence, document)
        self.put(self.people, key, stored)

    def rename(self, number: int, nickname: str) -> None:
        """Gives a person another document, with their id."""
        sample = record(nickname)
        self.rewrite(number, sample.before + format_id(self.ids[number]).encode() + sample.after)

    def entries(self, first: int) -> list[Entry]:
        """What the segment that begins with `first` holds."""
        part = segment.read(memoryview(self.get(self.terms, term_log.key_of(first))))
        return [(part.key(position), part.text(position)) for position in range(len(part.offsets))]

    def write(self, first: int, entries: list[Entry]) -> None:
        """Puts a segment in its place."""
        self.put(self.terms, term_log.key_of(first), segment.build(entries))


@contextmanager
def writing(place: Path, ids: Sequence[bytes]) -> Iterator[Store]:
    """One transaction."""
    environment = open_environment(place, 1 << 30)
    with environment.lmdb.begin(write=True) as transaction:
        yield Store(environment, transaction, ids)
    environment.close()
