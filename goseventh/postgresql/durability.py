"""Whether a server keeps what it answers: the settings on which the promise of a 201 rests."""

import asyncio
from typing import Any

from goseventh.postgresql import faults
from goseventh.postgresql.schema import SCHEMA
from storage.errors import Unavailable

# For each setting the values with which what is committed is on disk before it is answered.
_SAFE = {
    "synchronous_commit": ("on", "remote_apply"),
    "fsync": ("on",),
    "full_page_writes": ("on",),
}
# Held in the session once it was seen, so that a server that is told otherwise later does not change it.
_PIN = "SELECT set_config('synchronous_commit', current_setting('synchronous_commit'), false)"
# A table that PostgreSQL empties when it has crashed; none is no such table yet.
_UNLOGGED = (
    "SELECT EXISTS (SELECT FROM pg_class JOIN pg_namespace AS space ON space.oid = relnamespace"
    f" WHERE nspname = '{SCHEMA}' AND relname = 'people' AND relpersistence = 'u')"
)
_ASK = f"SELECT ({_UNLOGGED}), {', '.join(f'current_setting({name!r})' for name in _SAFE)}"


async def unsafe(connection: Any) -> list[str]:
    """The settings of this session with which a 201 could be lost, as `name=value`; none if all is well."""
    await connection.execute(_PIN)
    unlogged, *values = await connection.fetchrow(_ASK)
    found = [
        f"{name}={value}"
        for (name, safe), value in zip(_SAFE.items(), values, strict=True)
        if value not in safe
    ]
    return [*found, f"{SCHEMA}.people=unlogged"] if unlogged else found


async def check(connection: Any) -> None:
    """Raises Unavailable if this session's server may lose what it answers."""
    try:
        found = await unsafe(connection)
    except Exception as error:
        raise faults.judged(error) from error
    except asyncio.CancelledError:
        connection.terminate()  # the pool would close it in order, for which a silent server is waited for
        raise
    if found:
        raise Unavailable(f"the database would lose what it answers: {', '.join(found)}")
