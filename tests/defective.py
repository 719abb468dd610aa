"""The server with a defect that nobody foresaw: `python -m tests.defective serve …`."""

import sys
from typing import Any

from goseventh.cli import main
from goseventh.store import EmbeddedStore
from storage.people import Created, Taken
from storage.records import Record

PROGRAM = "tests.defective"
NICKNAME = "defect"
"""Whoever is to be created by this name meets it."""


async def create(store: EmbeddedStore, record: Record) -> Created | Taken:
    """As the store's own, but for the defect."""
    if record.nickname == NICKNAME.encode():
        raise RuntimeError(f"{store} is no store")
    return await _create(store, record)


if __name__ == "__main__":
    _create = EmbeddedStore.create
    options: Any = EmbeddedStore
    options.create = create
    sys.exit(main())
