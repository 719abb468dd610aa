"""The commands on a data directory: parse, call one function, exit code."""

import argparse

from goseventh import settings
from goseventh.arguments import Parser, add
from goseventh.settings import DATA_DIR, MAP_SIZE

_OPENED = (DATA_DIR, MAP_SIZE)


def add_to(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Adds them to the command line's commands."""
    add(
        commands,
        "verify",
        _verify,
        "check a store that no server has open; exit code 0, or 1 and one line a fault",
        (DATA_DIR,),
    )
    command = add(
        commands,
        "backup",
        _backup,
        "copy the store, also while a server writes, in the same container; people who wait in "
        "memory-queue can't be in it",
        _OPENED,
    )
    command.add_argument("destination", metavar="DEST", help="a directory that is not there yet")
    command = add(
        commands,
        "restore",
        _restore,
        "copy a backup into the data directory, which must be empty",
        (DATA_DIR,),
    )
    command.add_argument("source", metavar="SRC", help="a backup, or the directory of a stopped server")
    add(
        commands,
        "compact",
        _compact,
        "give back to the disk what a stopped server's store does not use",
        _OPENED,
    )


def _verify(given: argparse.Namespace) -> int:
    from goseventh import verify

    return verify.run(settings.from_environment((DATA_DIR,), vars(given)))


def _backup(given: argparse.Namespace) -> int:
    from pathlib import Path

    from goseventh import backup

    return backup.run_backup(settings.from_environment(_OPENED, vars(given)), Path(given.destination))


def _restore(given: argparse.Namespace) -> int:
    from pathlib import Path

    from goseventh import backup

    return backup.run_restore(settings.from_environment((DATA_DIR,), vars(given)), Path(given.source))


def _compact(given: argparse.Namespace) -> int:
    from goseventh import backup

    return backup.run_compact(settings.from_environment(_OPENED, vars(given)))
