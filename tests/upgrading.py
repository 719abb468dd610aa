"""A version that knows a way from format 0, in which nobody had a nickname in the index.

`python -m tests.upgrading` is `tests.commands` of that version.
"""

from collections.abc import Callable

import lmdb

from goseventh import person
from storage import records, upgrade
from storage.audit import Progress
from tests import commands


def learn(end: Callable[[], object] = lambda: None) -> None:
    """Makes this process that version; its step calls `end` when the copy is half new."""

    def step(environment: lmdb.Environment, progress: Progress) -> None:
        people, nicknames = (environment.open_db(name) for name in (b"people", b"nicknames"))
        with environment.begin(write=True) as transaction:
            for key, stored in transaction.cursor(people):
                transaction.put(person.read(records.document(stored))[0], key, db=nicknames)
        end()

    upgrade.STEPS[0] = step


if __name__ == "__main__":
    learn()
    commands.main()
