"""What can go wrong with a store, as the caller has to tell it apart."""

import errno

import lmdb

_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# LMDB's own codes are negative; these say that its file, or its view of it, can't be trusted any more.
_BROKEN = (
    lmdb.PanicError,
    lmdb.CorruptedError,
    lmdb.PageNotFoundError,
    lmdb.InvalidError,
    lmdb.MapResizedError,
)


class StoreError(Exception):
    """Any fault of the store; the message is one line for an operator."""


class Unusable(StoreError):
    """The directory can't be opened as a store; nothing in it was changed."""


class Faulty(Unusable):
    """There is a store, but it is damaged, or of another format than this version's."""


class Unknown(StoreError):
    """Nobody has this id."""


class Full(StoreError):
    """The disk is full: this record was not stored, reads go on, and writing may be tried again."""


class TooLarge(Full):
    """There is no room for all of this, in the map or in a frame of the log; for less of it there may be."""


class Busy(StoreError):
    """Too many records already wait: this one was not taken."""


class Unavailable(StoreError):
    """The writer is stopping or broken: whether this record was stored is not known."""


class Broken(Unavailable):
    """The disk failed in a way after which nothing in this process may write any more."""


def judged(error: Exception) -> Exception:
    """What an error of LMDB or the disk means to who wanted to write; any other is itself.

    For errors from before a flush: after one a full disk is no better than any other failure.
    """
    if isinstance(error, lmdb.MapFullError):
        return TooLarge("the store has reached its map size")
    if not isinstance(error, (lmdb.Error, OSError)):
        return error
    code = getattr(error, "code", None) or getattr(error, "errno", None) or 0
    if code in _DISK_FULL:
        return Full("the disk is full")
    if code > 0 or isinstance(error, _BROKEN):
        return broken(error)
    return error


def broken(error: Exception) -> Broken:
    """What it means if nothing can be written any more because of `error`."""
    if isinstance(error, Broken):
        return error
    found = Broken("the store can't be written at the moment")
    found.__cause__ = error
    return found
