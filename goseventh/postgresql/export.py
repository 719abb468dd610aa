"""Everybody in the database, as of one moment, whoever writes meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from goseventh.postgresql.command import Command, opened
from goseventh.postgresql.store import COUNT

_ALL = "SELECT document FROM people ORDER BY id"
# Documents that are in memory at a time.
_PIECE = 1000


@contextmanager
def everybody(url: str) -> Iterator[tuple[int, Iterator[bytes]]]:
    """How many people there are, and their documents by id; raises Unusable."""
    with opened(url) as command:
        total, cursor = command.run(_begin)
        yield total, _documents(command, cursor)


async def _begin(session: Any) -> tuple[int, Any]:
    # Ends with the session: nothing was changed.
    await session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    return int(await session.fetchval(COUNT)), await session.cursor(_ALL)


def _documents(command: Command, cursor: Any) -> Iterator[bytes]:
    while piece := command.run(partial(_fetch, cursor=cursor)):
        for (document,) in piece:
            yield document


async def _fetch(session: Any, cursor: Any) -> Any:
    return await cursor.fetch(_PIECE)
