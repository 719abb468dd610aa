"""A command's session with the database: each piece of work ends before the next, or the command does."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import asyncpg

from goseventh.postgresql import faults
from goseventh.postgresql.sessions import connect
from storage.errors import StoreError, Unusable

T = TypeVar("T")


class Command:
    """One session, without an event loop around it."""

    def __init__(self, runner: asyncio.Runner, url: str) -> None:
        """Connects; raises Unusable."""
        self.name = described(url)
        """The database, as it may be shown."""
        self._runner = runner
        self._session = self._wait(connect(url))

    def run(self, work: Callable[[Any], Awaitable[T]]) -> T:
        """What `work` makes of the session; raises Unusable, in one line, for what the database can't do."""
        return self._wait(work(self._session))

    def close(self) -> None:
        """Ends the session at once; what was not committed never was."""
        self._session.terminate()

    def _wait(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        try:
            return self._runner.run(awaited())
        except StoreError:
            raise
        except asyncpg.PostgresError as error:
            # The server's own words name no address and no password.
            raise Unusable(f"{self.name} can't be used: {faults.judged(error)}") from error
        except ValueError as error:
            raise Unusable("--store is no address that PostgreSQL's driver understands") from error
        except Exception as error:
            judged = faults.judged(error)
            if not isinstance(judged, StoreError):
                raise
            raise Unusable(f"{self.name} can't be used: {judged}; start it, or change --store") from error


@contextmanager
def opened(url: str) -> Iterator[Command]:
    """A session with the database at `url`; raises Unusable."""
    with asyncio.Runner() as runner:
        command = Command(runner, url)
        try:
            yield command
        finally:
            command.close()


def described(url: str) -> str:
    """The database without the user and what else is nobody's business."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2] or parse_qs(parts.query).get("host", ["this machine"])[0]
    return f"PostgreSQL at {host}{parts.path}"
