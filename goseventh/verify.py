"""`goseventh verify`: whether a store is whole, one line a fault."""

import sys

import storage.lock
from goseventh import person
from goseventh.progress import progress
from goseventh.settings import Settings
from storage.errors import Unusable
from storage.verify import count, verify

FAULTY = 1
UNUSABLE = 2
_INTERRUPTED = 130


def run(settings: Settings) -> int:
    """Checks the store and changes nothing.

    Returns the exit code: 0, and `ok: N people` on standard output; 1, and one line a fault there; 2, and a
    line on standard error, for what can't be checked, such as a store that a server has open.
    """
    directory = settings.data_dir
    faults = 0
    try:
        storage.lock.take(directory)
        with progress(sys.stderr, thread=True) as show:
            for fault in verify(directory, person.read, show):
                faults += 1
                print(" ".join(fault.split()), flush=True)
        if not faults:
            people = count(directory)
            print(f"ok: {people} {'person' if people == 1 else 'people'}")
    except Unusable as error:
        print(f"goseventh: {' '.join(str(error).split())}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        print("goseventh: interrupted: not all was checked", file=sys.stderr)
        return _INTERRUPTED
    return FAULTY if faults else 0
