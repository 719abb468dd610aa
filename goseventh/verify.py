"""`goseventh verify`: whether a store is whole, one line a fault."""

import sys

import storage.lock
from goseventh import person
from goseventh.endings import FAULTY, ended, persons
from goseventh.output import say
from goseventh.progress import progress
from goseventh.settings import Settings
from storage.verify import count, verify


def run(settings: Settings) -> int:
    """Checks the store and changes nothing.

    Returns the exit code: 0, and `ok: N people` on standard output; 1, and one line a fault there; 2, and a
    line on standard error, for what can't be checked, such as a store that a server has open.
    """

    def check() -> int:
        directory = settings.data_dir
        faults = 0
        storage.lock.take(directory)
        with progress(sys.stderr, thread=True) as show:
            for fault in verify(directory, person.read, show):
                faults += 1
                say(" ".join(fault.split()))
        if faults:
            return FAULTY
        say(f"ok: {persons(count(directory))}")
        return 0

    return ended(check, "not all was checked")
