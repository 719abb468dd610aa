"""The `goseventh` command: parse, call one function, exit code."""

import argparse
import sys
from collections.abc import Callable, Sequence

from goseventh import __version__, data_commands, settings
from goseventh.arguments import USAGE_ERROR, Parser, add
from goseventh.bench import commands as bench
from goseventh.endings import FAULTY
from goseventh.output import say, take_any_name, unsaid
from goseventh.settings import HOST, PORT, SERVE, STORE, SettingError
from storage.strategies import table


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command that `arguments` (by default the process's own) ask for. Returns the exit code."""
    given = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = given.run
    take_any_name()
    try:
        code = run(given)
    except SettingError as error:
        print(f"goseventh: {error}", file=sys.stderr)
        return USAGE_ERROR
    # What failed or was interrupted has said that it is not done.
    return (unsaid() or code) if code in (0, FAULTY) else code


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="goseventh",
        description="An HTTP registry of people whose 201 means on disk.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"goseventh {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add(commands, "serve", _serve, "run the server", SERVE)
    add(
        commands,
        "health",
        _health,
        "ask the running server whether it answers; exit code 0 or 1",
        (HOST, PORT),
    )
    data_commands.add_to(commands)
    add(
        commands,
        "migrate",
        _migrate,
        "bring a PostgreSQL database to this version's tables, as serve does at its start",
        (STORE,),
    )
    add(commands, "strategies", _strategies, "list the write strategies and what each promises")
    bench.add_to(commands)
    return parser


def _serve(given: argparse.Namespace) -> int:
    from goseventh.serve import serve

    return serve(settings.from_environment(SERVE, vars(given)))


def _health(given: argparse.Namespace) -> int:
    from goseventh.health import health

    return health(settings.from_environment((HOST, PORT), vars(given)))


def _migrate(given: argparse.Namespace) -> int:
    from goseventh import migrate

    return migrate.run(settings.from_environment((STORE,), vars(given)))


def _strategies(given: argparse.Namespace) -> int:
    for row in settings.ROWS:
        say(row.name)
        say(f"    a 201 means        {row.created_means}")
        say(f"    kill -9 loses      {row.kill_loses}")
        say(f"    a power cut loses  {row.power_cut_loses}")
        say(f"    choose it          {row.choose_when}")
    say(table.ADVICE)
    return 0
