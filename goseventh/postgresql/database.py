"""The place of those who outgrow one machine: a PostgreSQL database, whatever runs on it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg

from goseventh.postgresql import durability, faults
from goseventh.postgresql.migrate import migrate
from goseventh.postgresql.sessions import connect
from goseventh.postgresql.store import COUNT, PostgresStore, Writing
from goseventh.settings import Settings
from goseventh.watch import Watch
from storage.errors import StoreError, Unusable
from storage.strategies.table import Strategy

STRATEGIES = {"group-commit": Writing(group_limit=1024, lanes=1), "per-request": Writing(1, lanes=8)}
"""Those that exist here: with a commit that does not wait even a crash of PostgreSQL loses people."""

_log = logging.getLogger("goseventh")


class Database:
    """The database of the settings."""

    def __init__(self, settings: Settings, url: str) -> None:
        self._settings = settings
        self._url = url
        self.name = described(url)
        self.strategy = settings.strategy

    def prepare(self) -> int:
        """Migrates, and sees whether what a 201 says would be true. Returns how many people are there."""
        found, unsafe = asyncio.run(_prepare(self._url, self.name))
        if unsafe and not self._settings.allow_unsafe_database:
            raise Unusable(
                f"{self.name} would lose what it answers: {', '.join(unsafe)}; set it otherwise, or say "
                "--allow-unsafe-database"
            )
        if unsafe:
            self.strategy = _without_promise(self.strategy, unsafe)
            _log.warning("%s may lose what it answers: %s", self.name, ", ".join(unsafe))
        return found

    async def open(self, broken: Callable[[], None], watch: Watch) -> PostgresStore:
        """The store of this worker; it never breaks, for what is lost is connected again."""
        return PostgresStore(
            self._url,
            STRATEGIES[self.strategy.name],
            queue_limit=self._settings.max_queue,
            search_timeout=self._settings.search_timeout,
            unsafe=self._settings.allow_unsafe_database,
            watch=watch,
        )


def described(url: str) -> str:
    """The database without the user and what else is nobody's business."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2] or parse_qs(parts.query).get("host", ["this machine"])[0]
    return f"PostgreSQL at {host}{parts.path}"


def bring_up_to_date(url: str) -> int:
    """Migrates the database at `url`; returns its version. Raises Unusable."""
    return asyncio.run(_migrate(url, described(url)))


async def _migrate(url: str, name: str) -> int:
    async with _session(url, name) as session:
        return await migrate(session)


async def _prepare(url: str, name: str) -> tuple[int, list[str]]:
    """How many people are there, and the settings with which they could be lost."""
    async with _session(url, name) as session:
        encoding = await session.fetchval("SHOW server_encoding")
        if encoding != "UTF8":
            raise Unusable(f"{name} can't hold every text: its encoding is {encoding}, not UTF8")
        await migrate(session)
        return int(await session.fetchval(COUNT)), await durability.unsafe(session)


def _without_promise(strategy: Strategy, unsafe: list[str]) -> Strategy:
    return strategy._replace(
        created_means=f"the database has it, with {', '.join(unsafe)} (UNSAFE)",
        kill_loses="nothing while the database lives",
        power_cut_loses="what the database had not flushed, or all of it",
    )


@asynccontextmanager
async def _session(url: str, name: str) -> AsyncIterator[Any]:
    """One session of a command, which ends with one line if the database can't be used."""
    try:
        session = await connect(url)
        try:
            yield session
        finally:
            session.terminate()
    except Unusable:
        raise
    except asyncpg.PostgresError as error:
        # The server's own words name no address and no password.
        raise Unusable(f"{name} can't be used: {faults.judged(error)} ({error.sqlstate})") from error
    except ValueError as error:
        raise Unusable("--store is no address that PostgreSQL's driver understands") from error
    except Exception as error:
        judged = faults.judged(error)
        if not isinstance(judged, StoreError):
            raise
        raise Unusable(f"{name} can't be used: {judged}; start it, or change --store") from error
