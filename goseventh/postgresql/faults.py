"""What an error of PostgreSQL, or of the way to it, means to who asked. Only its SQLSTATE decides."""

import asyncpg

from storage.errors import Busy, Full, StoreError, Unavailable

# With these the server has surely rolled back, and the same again may succeed.
_AGAIN = frozenset({"40001", "40P01"})
# By their first two characters: what a row is at fault for, or a defect of ours, and not the server.
_OWN = frozenset({"21", "22", "23", "42"})
_KNOWN: dict[str, StoreError] = {
    "53100": Full("the database's disk is full"),
    "53200": Busy("the database is out of memory"),
    "53300": Busy("the database has no connection left"),
    "57014": Busy("the database took too long"),
    "57P01": Unavailable("the database is shutting down"),
    "57P02": Unavailable("the database has crashed and starts again"),
    "57P03": Unavailable("the database is starting"),
    "25006": Unavailable("the database takes no writes"),
}
# What the driver raises when the connection is gone, was never made, or its server says nothing.
_UNREACHABLE = (OSError, EOFError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def judged(error: Exception) -> Exception:
    """The StoreError that `error` means; itself if it says nothing of the server.

    Whether what was asked for was carried out is not known; `again` and `own` say where it surely was not.
    """
    state = sqlstate(error)
    if isinstance(error, StoreError) or own(error):
        return error
    if state or isinstance(error, _UNREACHABLE):
        known = _KNOWN.get(state) or Unavailable(
            f"the database refuses (SQLSTATE {state})" if state else "the database can't be reached"
        )
        found = type(known)(str(known))
        found.__cause__ = error
        return found
    return error


def again(error: Exception) -> bool:
    """Whether nothing was written because others were in the way, so that the same may be tried again."""
    return sqlstate(error) in _AGAIN


def own(error: Exception) -> bool:
    """Whether nothing was written because of a row, or a statement, of ours."""
    return isinstance(error, ValueError) or sqlstate(error)[:2] in _OWN


def sqlstate(error: Exception) -> str:
    """The five characters; none for what is not from the server.

    The class 08 is the driver's own word for a connection that it lost.
    """
    state = getattr(error, "sqlstate", None) or ""
    return "" if state[:2] == "08" else state
