"""`goseventh upgrade`: from the format of an earlier version to this one's."""

import sys
from pathlib import Path

import storage.lock
from goseventh import person
from goseventh.endings import ended, persons
from goseventh.output import say
from goseventh.progress import progress
from goseventh.settings import Settings
from storage import records
from storage.upgrade import upgrade


def run(settings: Settings, backup: Path | None, *, keep: bool) -> int:
    """Upgrades the store of a stopped server; to `keep` it, copies it before, see there."""

    def work() -> int:
        directory = settings.data_dir
        storage.lock.take(directory)
        with progress(sys.stderr, thread=True) as show:
            done = upgrade(directory, person.read, settings.map_size, keep=keep, backup=backup, progress=show)
        if done is None:
            say(f"ok: {directory} has format {records.FORMAT} already")
            return 0
        say(f"ok: {persons(done.people)}, format {done.before} became {records.FORMAT}")
        if done.kept is not None:
            say(f"what there was before is in {done.kept}")
        return 0

    return ended(work, "the store is as it was")
