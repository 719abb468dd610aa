"""`goseventh backup`, `restore` and `compact`: a store copied, verified, and put in its place."""

import sys
from pathlib import Path

import storage.lock
from goseventh import person
from goseventh.directory import hold
from goseventh.endings import ended, persons
from goseventh.output import say
from goseventh.progress import progress
from goseventh.settings import Settings
from storage.backup import backup
from storage.compact import compact
from storage.layout import DATA_FILE
from storage.restore import restore


def run_backup(settings: Settings, destination: Path) -> int:
    """Copies the store, that of a running server too, into the new directory `destination`."""

    def work() -> int:
        with progress(sys.stderr, thread=True) as show:
            people = backup(settings.data_dir, destination, person.read, settings.map_size, show)
        size = (destination / DATA_FILE).stat().st_size
        say(f"ok: {persons(people)}, {size} bytes in {destination}")
        return 0

    return ended(work, "there is no backup")


def run_restore(settings: Settings, source: Path) -> int:
    """Copies the backup `source` into the data directory, which must be empty."""

    def work() -> int:
        hold(settings.data_dir)
        with progress(sys.stderr, thread=True) as show:
            people = restore(source, settings.data_dir, person.read, show)
        say(f"ok: {persons(people)} in {settings.data_dir}")
        return 0

    return ended(work, "nothing was restored")


def run_compact(settings: Settings) -> int:
    """Gives back to the disk what the store does not use."""

    def work() -> int:
        storage.lock.take(settings.data_dir)
        with progress(sys.stderr, thread=True) as show:
            done = compact(settings.data_dir, person.read, settings.map_size, show)
        say(f"ok: {persons(done.people)}, {done.before} bytes before, {done.after} after")
        return 0

    return ended(work, "the store is as it was")
