"""PostgreSQL: a table of the same rows, and a GIN index of pg_trgm, in a server of our own."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from goseventh.bench.corpora import NotAvailable
from goseventh.bench.extra import absent
from goseventh.bench.processes.cluster import Cluster, find_programs
from goseventh.bench.processes.server import NotServing
from goseventh.bench.searching.contenders.shape import EXACT, FIELD_BORDER, Search
from goseventh.bench.searching.texts import Texts
from goseventh.like import like
from index.text import FIELD_END
from storage.records import Record

# Nothing is synchronous: a benchmark's build may be lost. The cache holds what a small machine can give.
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "8GB",
    "autovacuum": "off",
    "shared_buffers": "1GB",
    "maintenance_work_mem": "1GB",
    "work_mem": "64MB",
    "jit": "off",
}
_SEARCH = "SELECT number FROM people WHERE text LIKE $1 ORDER BY number LIMIT $2"


class Postgres:
    """One connection over a Unix socket to a server that lives as long as this."""

    def __init__(self, directory: Path, texts: Texts) -> None:
        """Raises NotAvailable where server or driver are not installed, or the server does not start."""
        if (why := absent("asyncpg")) is not None:
            raise NotAvailable(why)
        import asyncpg

        programs = find_programs()
        if programs is None:
            raise NotAvailable("no server is installed: apt install postgresql")
        # Ends what an interruption left half done, too.
        self._runner = asyncio.Runner()
        self._cluster: Cluster | None = None
        self._connection: Any = None
        try:
            self._cluster = Cluster(programs, directory, {**_SETTINGS, "max_connections": "5"})
            # A plan made for any term would ignore how rare this one is.
            planned = {"plan_cache_mode": "force_custom_plan"}
            self._connection = self._run(asyncpg.connect(self._cluster.url(), server_settings=planned))
            self._execute("CREATE EXTENSION pg_trgm")
            self._execute("CREATE TABLE people (number integer PRIMARY KEY, text text NOT NULL)")
        except (OSError, NotServing) as error:
            self.close()
            raise NotAvailable(f"the server could not be started: {error}") from None
        except BaseException:
            self.close()
            raise
        version = ".".join(map(str, self._connection.get_server_version()[:2]))
        self.settings = (
            f"PostgreSQL {version}, pg_trgm GIN, built after the load, then VACUUM ANALYZE, "
            + ", ".join(f"{name}={value}" for name, value in _SETTINGS.items())
            + "; answers with row numbers over a Unix socket, planned anew for each term"
        )
        self.ways: Mapping[str, Search] = {EXACT: self._search}

    def add(self, first: int, batch: Sequence[Record]) -> None:
        rows = [
            (number, record.text.replace(FIELD_END, FIELD_BORDER).decode())
            for number, record in enumerate(batch, first)
        ]
        self._run(self._connection.copy_records_to_table("people", records=rows))

    def finish(self) -> None:
        self._execute("CREATE INDEX grams ON people USING gin (text gin_trgm_ops)")
        self._execute("VACUUM ANALYZE people")

    def index_bytes(self) -> int:
        return int(self._run(self._connection.fetchval("SELECT pg_relation_size('grams')")))

    def numbers(self, found: Any) -> list[int]:
        return [number for (number,) in found]

    def close(self) -> None:
        if self._connection is not None:
            self._run(_end(self._connection))
            self._connection = None
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None
        self._runner.close()

    def _search(self, term: str, limit: int) -> Any:
        return self._run(self._connection.fetch(_SEARCH, like(term.lower()), limit))

    def _execute(self, statement: str) -> None:
        self._run(self._connection.execute(statement))

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Raises NotServing for whatever the server says or does not say any more."""
        from asyncpg import InterfaceError, InternalClientError, PostgresError

        try:
            return self._runner.run(work)
        except (OSError, PostgresError, InterfaceError, InternalClientError) as error:
            raise NotServing(f"PostgreSQL: {error}") from None


async def _end(connection: Any) -> None:
    """Whatever it is in the middle of."""
    connection.terminate()
    await asyncio.sleep(0)  # only then is its socket closed
