"""The store in PostgreSQL: what each operation asks, and over which sessions."""

from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from goseventh.figures import Figures
from goseventh.postgresql import figures, search
from goseventh.postgresql.committer import Committer
from goseventh.postgresql.sessions import Sessions
from goseventh.watch import Watch
from storage import records
from storage.errors import StoreError, Unknown
from storage.people import Created, Taken
from storage.records import Record

GET = "SELECT document FROM people WHERE bucket = $1 AND id = $2"
# Of somebody whose id was made elsewhere, so that its last bits say nothing.
GET_ELSEWHERE = "SELECT document FROM people WHERE id = $1 LIMIT 1"
COUNT = "SELECT count(*) FROM people"
_LOOK = "SELECT FROM people LIMIT 0"

# A creation that takes longer has failed for its client too.
_WRITE_SECONDS = 10.0
# Who asks whether this is ready asks again soon, and takes silence for a no.
_READY_SECONDS = 1.0
# One worker's loop hardly keeps more of them busy.
_READERS, _SEARCHERS = 4, 2


class Writing(NamedTuple):
    """What a write strategy is here."""

    group_limit: int
    """The most people that share a transaction."""
    lanes: int
    """Transactions that a worker has under way at a time."""


class PostgresStore:
    """The store of one worker; made on its loop. Connects when it is asked something."""

    def __init__(
        self,
        url: str,
        writing: Writing,
        *,
        queue_limit: int,
        search_timeout: float,
        unsafe: bool,
        watch: Watch,
    ) -> None:
        """`unsafe`: whether a server may be used that loses what it answers; `watch` is told of groups,
        commits and searches."""
        self._watch = watch
        self._search_timeout = search_timeout
        self._writers = Sessions(url, writing.lanes, _WRITE_SECONDS, unsafe=unsafe)
        self._readers = Sessions(url, _READERS, search_timeout, unsafe=unsafe)
        self._searchers = Sessions(url, _SEARCHERS, search_timeout, unsafe=unsafe, **search.SETTINGS)
        self._committer = Committer(self._writers, writing.group_limit, writing.lanes, queue_limit, watch)

    async def create(self, record: Record) -> Created | Taken:
        return await self._committer.create(record)

    async def get(self, key: bytes) -> bytes | None:
        return await self._readers.run(partial(_get, key=key))

    async def search(self, needle: bytes, limit: int, after: bytes | None = None) -> list[bytes]:
        if after is not None and await self.get(after) is None:
            raise Unknown("nobody has this id")
        return await self._search(
            "exact", partial(search.containing, needle=needle, limit=limit, after=after)
        )

    async def resembling(self, term: str, limit: int) -> list[bytes]:
        deadline = monotonic() + self._search_timeout
        return await self._search(
            "fuzzy", partial(search.resembling, term=term, limit=limit, deadline=deadline)
        )

    async def count(self) -> int:
        return await self._readers.run(_count)

    async def figures(self) -> Figures:
        return await self._readers.run(figures.ask)

    async def trouble(self) -> StoreError | None:
        """Asks the database itself: who is told to stay away must find out that it is back."""
        if (refusal := self._committer.refusal()) is not None:
            return refusal
        try:
            await self._readers.run(_need_writable, patience=_READY_SECONDS)
        except StoreError as error:
            return error
        return None

    def waiting(self) -> int:
        return self._committer.waiting()

    async def _search(self, kind: str, work: Callable[[Any], Awaitable[list[bytes]]]) -> list[bytes]:
        began = monotonic()
        try:
            return await self._searchers.run(work)
        finally:
            self._watch.searched(kind, monotonic() - began)

    async def close(self) -> None:
        await self._committer.close()
        for sessions in (self._writers, self._readers, self._searchers):
            await sessions.close()


async def _get(session: Any, key: bytes) -> bytes | None:
    identity = UUID(bytes=key)
    document: bytes | None = await session.fetchval(GET, records.bucket_of(key), identity)
    if document is None:
        document = await session.fetchval(GET_ELSEWHERE, identity)
    return document


async def _count(session: Any) -> int:
    return int(await session.fetchval(COUNT))


async def _need_writable(session: Any) -> None:
    """Raises what a write would where there is no table, or the server only follows another."""
    await session.execute(_LOOK)
    if await session.fetchval("SHOW transaction_read_only") == "on":
        raise asyncpg.ReadOnlySQLTransactionError("this server takes no writes")
