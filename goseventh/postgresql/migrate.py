"""Bringing a database to the version of the tables that this program knows."""

from typing import Any

from goseventh.postgresql import schema
from goseventh.postgresql.schema import SCHEMA
from storage.errors import Unusable

# Whoever holds this advisory lock migrates; any number would do that nobody else uses.
_LOCK = 0x676F7365
# Reads the catalogue itself: a look-up by name may be answered from what the session knew before it waited.
_HAS_TABLE = f"SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = '{SCHEMA}' AND tablename = $1)"


async def migrate(connection: Any) -> int:
    """Brings the database to the newest version, which it returns. Raises Unusable for a newer one.

    Harmless if it is there already, and when several do it at once: one does, the others wait. Needs no
    right to change anything where nothing is to be changed.
    """
    if await _version(connection) != len(schema.VERSIONS) or await _to_distribute(connection):
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            await _upgrade(connection)
    return len(schema.VERSIONS)


async def _upgrade(connection: Any) -> None:
    found = await _version(connection)
    if found > len(schema.VERSIONS):
        raise Unusable(
            f"the database has version {found} of the tables, and this program knows {len(schema.VERSIONS)}: "
            "use a newer one"
        )
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    await connection.execute(
        f"CREATE TABLE IF NOT EXISTS {SCHEMA}.versions"
        " (version integer PRIMARY KEY, since timestamptz NOT NULL DEFAULT now())"
    )
    for number, statements in enumerate(schema.VERSIONS[found:], found + 1):
        for statement in statements:
            await connection.execute(statement)
        await connection.execute(f"INSERT INTO {SCHEMA}.versions (version) VALUES ($1)", number)
    if await _to_distribute(connection):
        await connection.execute(schema.DISTRIBUTE)


async def _version(connection: Any) -> int:
    """The version of the database's tables, 0 for none. Raises Unusable where people are gone."""
    if not await connection.fetchval(_HAS_TABLE, "versions"):
        return 0
    found = int(await connection.fetchval(f"SELECT coalesce(max(version), 0) FROM {SCHEMA}.versions"))
    if found and not await connection.fetchval(_HAS_TABLE, "people"):
        raise Unusable(
            f"the database had version {found} of the tables, and {SCHEMA}.people is gone: restore it, or "
            f"drop the schema {SCHEMA} to begin with nobody"
        )
    return found


async def _to_distribute(connection: Any) -> bool:
    """Whether Citus is there and does not spread the table yet."""
    return bool(await connection.fetchval(schema.HAS_CITUS)) and not await connection.fetchval(
        schema.IS_DISTRIBUTED
    )
