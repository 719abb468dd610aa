"""What can go wrong with a store, as the caller has to tell it apart."""


class StoreError(Exception):
    """Any fault of the store; the message is one line for an operator."""


class Unusable(StoreError):
    """The directory can't be opened as a store; nothing in it was changed."""


class Full(StoreError):
    """Map or disk is full: this record was not stored, smaller ones may be, reads go on."""


class Busy(StoreError):
    """Too many records already wait: this one was not taken."""


class Unavailable(StoreError):
    """The writer is stopping or broken: whether this record was stored is not known."""
