"""`goseventh upgrade`: from the format of an earlier version to this one's."""

import sys
from pathlib import Path

import storage.lock
from goseventh import person
from goseventh.endings import ended, persons
from goseventh.progress import progress
from goseventh.settings import Settings
from storage import records
from storage.upgrade import upgrade

BACKUP = "before-upgrade"


def run(settings: Settings, backup: Path | None, *, keep: bool) -> int:
    """Upgrades the store of a stopped server; before, if told to `keep` it, copies it to `backup`."""

    def work() -> int:
        directory = settings.data_dir
        storage.lock.take(directory)
        place = backup or directory / BACKUP
        with progress(sys.stderr, thread=True) as show:
            done = upgrade(directory, place if keep else None, person.read, settings.map_size, show)
        if done is None:
            print(f"ok: {directory} has format {records.FORMAT} already")
            return 0
        print(f"ok: {persons(done.people)}, format {done.before} became {records.FORMAT}")
        if keep:
            print(f"what there was before is in {place}")
        return 0

    return ended(work, "the store is as it was")
