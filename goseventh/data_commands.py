"""The commands on a data directory: parse, call one function, exit code."""

import argparse

from goseventh import settings
from goseventh.arguments import Parser, add
from goseventh.settings import ALLOW_UNSAFE, DATA_DIR, MAP_SIZE, MAX_BODY, SERVE, STORE, STRATEGY, WINDOW

_OPENED = (DATA_DIR, MAP_SIZE)
# Who was created by a body of the largest size comes in again by the same setting.
_IMPORTED = (*_OPENED, MAX_BODY, STORE, ALLOW_UNSAFE)
_EXPORTED = (*_OPENED, STORE)
_STATS = (*_OPENED, STRATEGY, WINDOW)


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
    command = add(
        commands,
        "import",
        _import,
        "add people from lines of JSON to the store of a stopped server, or to a database; exit code 1 if a "
        "line was refused",
        _IMPORTED,
    )
    command.add_argument("source", metavar="FILE", nargs="?", help="by default standard input")
    command.add_argument(
        "--dry-run",
        action="store_true",
        help="change nothing, and say what would be; needs as much room in TMPDIR as the people would take",
    )
    command = add(
        commands,
        "export",
        _export,
        "write everybody as lines of JSON, oldest first, also while a server runs in the same container",
        _EXPORTED,
    )
    command.add_argument("target", metavar="FILE", nargs="?", help="a new file; by default standard output")
    command = add(
        commands,
        "stats",
        _stats,
        "say what the store is like, also while a server runs in the same container",
        _STATS,
    )
    command.add_argument("--json", action="store_true", help="as one JSON object")
    command = add(
        commands,
        "upgrade",
        _upgrade,
        "bring a store of an earlier format to this version's, after a backup",
        _OPENED,
    )
    command.add_argument(
        "--backup",
        metavar="DEST",
        help="a new directory; by default before-upgrade- and the format, in the data directory",
    )
    command.add_argument("--no-backup", action="store_true", help="make no backup")
    add(commands, "config", _config, "list every setting, its value and where it came from", SERVE)


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


def _import(given: argparse.Namespace) -> int:
    from pathlib import Path

    from goseventh import importing

    source = Path(given.source) if given.source else None
    return importing.run(settings.from_environment(_IMPORTED, vars(given)), source, dry_run=given.dry_run)


def _export(given: argparse.Namespace) -> int:
    from pathlib import Path

    from goseventh import export

    target = Path(given.target) if given.target else None
    return export.run(settings.from_environment(_EXPORTED, vars(given)), target)


def _stats(given: argparse.Namespace) -> int:
    from goseventh import stats

    return stats.run(settings.from_environment(_STATS, vars(given)), json=given.json)


def _config(given: argparse.Namespace) -> int:
    from goseventh import config

    return config.run(settings.from_environment(SERVE, vars(given)))


def _upgrade(given: argparse.Namespace) -> int:
    from pathlib import Path

    from goseventh import upgrade

    backup = Path(given.backup) if given.backup else None
    wanted = settings.from_environment(_OPENED, vars(given))
    return upgrade.run(wanted, backup, keep=not given.no_backup)
