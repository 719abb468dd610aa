"""One group of people into the table, in one transaction, and what became of each."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from goseventh.postgresql import faults, terms
from goseventh.postgresql.sessions import Sessions
from storage import records
from storage.errors import StoreError, Unavailable
from storage.people import Created, Taken
from storage.records import Person
from storage.strategies.shape import Outcome

# Either is one statement, and so one transaction: once it is answered all of it is on disk.
_INTO = "INSERT INTO people (bucket, id, apelido, document, terms)"
_UNLESS_TAKEN = "ON CONFLICT DO NOTHING RETURNING id"
ONE = f"{_INTO} VALUES ($1, $2, $3, $4, $5) {_UNLESS_TAKEN}"
"""With Citus it goes to the one shard that it touches."""
MANY = (
    f"{_INTO} SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::bytea[], $4::bytea[], $5::text[])"
    f" {_UNLESS_TAKEN}"
)
HOLDER = "SELECT apelido, id FROM people WHERE bucket = $1 AND apelido = $2"
NAMED = "people JOIN unnest($1::smallint[], $2::bytea[]) AS asked (bucket, apelido) USING (bucket, apelido)"
"""Those who have one of these nicknames; each in its bucket."""
_HOLDERS = f"SELECT apelido, id FROM {NAMED}"
# Whoever was in the way has gone on by then.
_TRIES = 5


class Row(NamedTuple):
    """As the table has a person, but for the order of the columns."""

    bucket: int
    nickname: bytes
    id: UUID
    document: bytes
    terms: str

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return len(self.document) + len(self.terms)


async def insert(sessions: Sessions, people: Sequence[Person]) -> list[Outcome]:
    """Writes whose nickname is free; one outcome a person, in order.

    Raises StoreError if it is not known whether anybody was written, and what `faults.own` knows if nobody
    was because one of the rows is bad.
    """
    rows = in_order(people)
    created = await sessions.run(partial(_insert, rows=rows))
    others = [row for row in rows if row.id not in created]
    refused: StoreError = Unavailable("this record could not be written")
    holders: Mapping[bytes, bytes] = {}
    if others:
        try:
            holders = await sessions.run(partial(_holders, rows=others))
        except StoreError as error:
            refused = error

    def outcome(person: Person) -> Outcome:
        if UUID(bytes=person.id) in created:
            return Created(person.id, person.document)
        holder = holders.get(person.nickname)
        return refused if holder is None else Taken(holder)

    return [outcome(person) for person in people]


def in_order(people: Sequence[Person]) -> list[Row]:
    """The rows of `people`, in the one order in which rows are written.

    Whoever writes the same nicknames elsewhere does so in the same order, so that no two wait for each other.
    The sort is stable: of two here the first one gets it.
    """
    return sorted(map(_row, people), key=lambda row: row[:2])


async def write(session: Any, rows: Sequence[Row]) -> set[UUID]:
    """Writes whose nickname is free, in one statement; the ids that were written."""
    if len(rows) == 1:
        found = await session.fetch(ONE, *_columns(rows[0]))
    else:
        found = await session.fetch(MANY, *zip(*map(_columns, rows), strict=True))
    return {row[0] for row in found}


async def _insert(session: Any, rows: Sequence[Row]) -> set[UUID]:
    """As `write`, and again where others were in the way."""
    for attempt in range(1, _TRIES + 1):
        try:
            return await write(session, rows)
        except Exception as error:
            if attempt == _TRIES or not faults.again(error):
                raise
    raise AssertionError("unreachable")


async def _holders(session: Any, rows: Sequence[Row]) -> dict[bytes, bytes]:
    """Nickname → id of who has it."""
    if len(rows) == 1:
        found = await session.fetch(HOLDER, *rows[0][:2])
    else:
        found = await session.fetch(_HOLDERS, [row.bucket for row in rows], [row.nickname for row in rows])
    return {nickname: holder.bytes for nickname, holder in found}


def _row(person: Person) -> Row:
    return Row(
        records.bucket(person.nickname),
        person.nickname,
        UUID(bytes=person.id),
        person.document,
        terms.stored(person.text),
    )


def _columns(row: Row) -> tuple[int, UUID, bytes, bytes, str]:
    return row.bucket, row.id, row.nickname, row.document, row.terms
