"""What can go wrong with a store, as the caller has to tell it apart."""

import errno

_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class StoreError(Exception):
    """Any fault of the store; the message is one line for an operator."""


class Unusable(StoreError):
    """The directory can't be opened as a store; nothing in it was changed."""


class Faulty(Unusable):
    """There is a store, but it is damaged, or of another format than this version's."""


class Unknown(StoreError):
    """Nobody has this id."""


class Full(StoreError):
    """Map or disk is full: this record was not stored, smaller ones may be, reads go on."""


class Busy(StoreError):
    """Too many records already wait: this one was not taken."""


class Unavailable(StoreError):
    """The writer is stopping or broken: whether this record was stored is not known."""


def errno_of(error: Exception) -> int:
    """The errno of an error of LMDB or the disk; LMDB's own codes are negative, and 0 is for none."""
    code: int | None = getattr(error, "code", None) or getattr(error, "errno", None)
    return code or 0


def is_disk_full(error: Exception) -> bool:
    """Whether the disk, or somebody's share of it, is full."""
    return errno_of(error) in _DISK_FULL
