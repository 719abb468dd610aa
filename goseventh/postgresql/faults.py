"""What an error of PostgreSQL, or of the way to it, means to who asked. Only its SQLSTATE decides."""

import asyncpg

from storage.errors import Busy, Full, StoreError, Unavailable

# With these the server has surely rolled back, and the same again may succeed.
_AGAIN = frozenset({"40001", "40P01"})
# By their first two characters: what a row is at fault for, and not the server.
_OWN = frozenset({"21", "22", "23", "54"})
_READ_ONLY = "25006"
# The class of lost connections: the driver says it too.
_LOST = "08"
_STRANGER = Unavailable("the database does not let this user in: mind the name and the password")
_KNOWN: dict[str, StoreError] = {
    "28000": _STRANGER,
    "28P01": _STRANGER,
    "3D000": Unavailable("there is no such database"),
    "42501": Unavailable("this user of the database may not do that"),
    # Of all that is asked for by name only the trigrams' can be missing where the tables are there.
    "42704": Unavailable("pg_trgm is not in the schema goseventh or public, where its names are looked up"),
    "42P01": Unavailable("the tables are not there: goseventh migrate makes them"),
    "53100": Full("the database's disk is full"),
    "53200": Busy("the database is out of memory"),
    "53300": Busy("the database has no connection left"),
    "57014": Busy("the database took too long"),
    "57P01": Unavailable("the database is shutting down"),
    "57P02": Unavailable("the database has crashed and starts again"),
    "57P03": Unavailable("the database is starting"),
    _READ_ONLY: Unavailable("the database takes no writes"),
}
# What the driver raises when the connection is gone, was never made, or its server says nothing.
_UNREACHABLE = (OSError, EOFError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def judged(error: Exception) -> Exception:
    """The StoreError that `error` means; itself if it says nothing of the server.

    Whether what was asked for was carried out is not known; `again` and `own` say where it surely was not.
    """
    state = _sqlstate(error)
    if isinstance(error, StoreError) or own(error):
        return error
    if state[:2] == _LOST or isinstance(error, _UNREACHABLE):
        return Unavailable("the database can't be reached")
    if state:
        known = _KNOWN.get(state, Unavailable(f"the database refuses (SQLSTATE {state})"))
        return type(known)(*known.args)
    return error


def again(error: Exception) -> bool:
    """Whether nothing was written because others were in the way, so that the same may be tried again."""
    return _sqlstate(error) in _AGAIN


def read_only(error: Exception) -> bool:
    """Whether another server takes the writes now, since a fail-over."""
    return _sqlstate(error) == _READ_ONLY


def own(error: Exception) -> bool:
    """Whether nothing was written because a row is none that the database takes."""
    return isinstance(error, ValueError) or _sqlstate(error)[:2] in _OWN


def named(error: Exception) -> str:
    """What may be said of an error that has a row in its words."""
    return f"{type(error).__name__} {_sqlstate(error)}".rstrip()


def _sqlstate(error: Exception) -> str:
    """The five characters; none for what is not from the server."""
    return getattr(error, "sqlstate", None) or ""
