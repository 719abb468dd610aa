"""A few sessions with the database for one kind of work; made when needed, made anew when lost."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg

from goseventh.postgresql import durability, faults
from goseventh.postgresql.schema import SCHEMA

T = TypeVar("T")
CONNECT_SECONDS = 3.0
_COMMON = {
    "application_name": "goseventh",
    "search_path": f"{SCHEMA}, public",
    # Where more is the default, whoever waited for another's lock fails instead of seeing what it wrote.
    "default_transaction_isolation": "read committed",
    "jit": "off",  # compiling takes longer than anything asked here
}
# The server ends what takes too long, and says so; this is for a server that says nothing any more.
_SILENT_SECONDS = 2.0


class Sessions:
    """At most so many at a time; whoever needs one waits for it."""

    def __init__(self, url: str, size: int, seconds: float, *, unsafe: bool, **settings: str) -> None:
        """`seconds` is what a statement may take, `settings` are the server's for these sessions.

        Nothing is connected yet. Without `unsafe`, a session whose server may lose what it answers is
        refused.
        """
        self._seconds = seconds
        self._pool = asyncpg.create_pool(
            url,
            min_size=0,
            max_size=size,
            timeout=CONNECT_SECONDS,
            server_settings=_COMMON | {"statement_timeout": f"{seconds * 1000:.0f}"} | settings,
            init=None if unsafe else durability.check,
            # There is nothing to be undone: each statement is a transaction, and no setting is changed.
            reset=_nothing,
        )

    async def run(self, work: Callable[[Any], Awaitable[T]], patience: float | None = None) -> T:
        """Has `work` done on a session. Raises what `faults.judged` makes of an error.

        A server that says nothing is waited for `patience` seconds, else a little longer than a statement
        may take.
        """
        try:
            await self._pool  # connects nothing, and is done but once
            async with asyncio.timeout(patience or self._seconds + _SILENT_SECONDS) as limit:
                session = await self._pool.acquire()
                try:
                    return await work(session)
                finally:
                    if limit.expired():
                        # Else its release asks the same silent server to cancel the statement, and waits.
                        session.terminate()
                    # Whoever hung up has it cancelled, and the session goes if that takes long.
                    await self._pool.release(session, timeout=_SILENT_SECONDS)
        except Exception as error:
            if faults.read_only(error):
                await self._pool.expire_connections()  # the address may lead elsewhere now
            raise faults.judged(error) from error

    async def close(self) -> None:
        """Ends all sessions at once."""
        await self._pool  # or it refuses, if nobody ever asked for anything
        self._pool.terminate()


async def _nothing(session: Any) -> None:
    pass


async def connect(url: str, **settings: str) -> Any:
    """One session, outside any pool, with these settings of the server's."""
    return await asyncpg.connect(url, timeout=CONNECT_SECONDS, server_settings=_COMMON | settings)
