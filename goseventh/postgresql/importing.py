"""People by the thousand into the database, with ids of their own where they bring one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

from goseventh import directory
from goseventh.postgresql import faults
from goseventh.postgresql.command import opened
from goseventh.postgresql.database import make_ready
from goseventh.postgresql.insert import NAMED, Row, in_order, write
from storage import records
from storage.bulk import Add, Fate, Given, Known, decide
from storage.errors import Unavailable
from storage.people import noises
from storage.records import Person
from storage.rehearsal import after

# Whoever holds this advisory lock imports: that an id is free is not for the tables to say, in which it is
# unique but for its bucket.
_LOCK = 0x696D706F
_NICKNAMES = f"SELECT apelido, id, document FROM {NAMED}"
_IDS = "SELECT id, document FROM people WHERE id = ANY($1::uuid[])"
# Whoever took a nickname meanwhile has it by then.
_TRIES = 5
# How much goes in one message.
_PIECE_BYTES = 4 << 20


class _OvertakenError(Exception):
    """Somebody took a nickname between the look and the write."""


@contextmanager
def adding(url: str, *, allow_unsafe: bool) -> Iterator[Add]:
    """Adds each group in a transaction; servers may run meanwhile. Raises Unusable."""
    with opened(url) as command:
        make_ready(command, allow_unsafe=allow_unsafe)
        yield lambda group: command.run(partial(_add, group=group))


@contextmanager
def rehearsing(url: str, map_size: int) -> Iterator[Add]:
    """Judges by the database, and adds to a store of its own, which goes in the end: a file has no limit."""
    with (
        directory.scratch(map_size) as new,
        opened(url) as command,
    ):
        yield after(lambda group: command.run(partial(_judge, group=group)), new)


async def _judge(session: Any, group: Sequence[Given]) -> list[Fate]:
    fates, _ = decide(await _known(session, group), group)
    return fates


async def _add(session: Any, group: Sequence[Given]) -> list[Fate]:
    for _ in range(_TRIES):
        try:
            async with session.transaction():
                await session.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
                fates, new = decide(await _known(session, group), group)
                for piece in _pieces(in_order(_people(new))):
                    if len(await write(session, piece)) < len(piece):
                        raise _OvertakenError
                return fates
        except _OvertakenError:
            continue
        except Exception as error:
            if not faults.again(error):
                raise
    raise Unavailable("others write the same people all the time")


async def _known(session: Any, group: Sequence[Given]) -> Known:
    nicknames = {given.record.nickname for given in group}
    found = await session.fetch(_NICKNAMES, [records.bucket(name) for name in nicknames], list(nicknames))
    holders = {nickname: key.bytes for nickname, key, _ in found}
    documents = {key.bytes: document for _, key, document in found}
    wanted = {given.id for given in group if given.id is not None} - documents.keys()
    found = await session.fetch(_IDS, [UUID(bytes=key) for key in wanted])
    return Known(holders, documents | {key.bytes: document for key, document in found})


def _people(new: Sequence[Given]) -> list[Person]:
    clocks = count(records.clock_now())
    return [
        records.give_id(given.record, next(clocks), noise)
        if given.id is None
        else records.keep_id(given.record, given.id)
        for given, noise in zip(new, noises(len(new)), strict=True)
    ]


def _pieces(rows: Sequence[Row]) -> Iterator[list[Row]]:
    piece: list[Row] = []
    room = _PIECE_BYTES
    for row in rows:
        piece.append(row)
        room -= row.size
        if room <= 0:
            yield piece
            piece, room = [], _PIECE_BYTES
    if piece:
        yield piece
