"""The `goseventh` command: parse, call one function, exit code."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from goseventh import __version__, settings
from goseventh.settings import DATA_DIR, HOST, PORT, SERVE, Setting, SettingError
from storage.strategies import table

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command that `arguments` (by default the process's own) ask for. Returns the exit code."""
    given = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = given.run
    try:
        return run(given)
    except SettingError as error:
        print(f"goseventh: {error}", file=sys.stderr)
        return USAGE_ERROR


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments."""

    def parse_args(self, arguments: Sequence[str] | None = None) -> argparse.Namespace:  # type: ignore[override]
        """As the base class's, but a word that is nobody's is shown only as far as it is a flag's name.

        What follows a misspelt flag may be a secret.
        """
        given, unknown = self.parse_known_args(arguments)
        if unknown:
            flags = [word.partition("=")[0] for word in unknown if word.startswith("-")]
            self.error(f"unrecognized arguments: {' '.join(flags) or len(unknown)}")
        return given

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE_ERROR, f"{self.prog}: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="goseventh",
        description="An HTTP registry of people whose 201 means on disk.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"goseventh {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add(commands, "serve", _serve, "run the server", SERVE)
    _add(
        commands,
        "health",
        _health,
        "ask the running server whether it answers; exit code 0 or 1",
        (HOST, PORT),
    )
    _add(
        commands,
        "verify",
        _verify,
        "check a store that no server has open; exit code 0, or 1 and one line a fault",
        (DATA_DIR,),
    )
    _add(commands, "strategies", _strategies, "list the write strategies and what each promises")
    bench = commands.add_parser(
        "bench", help="measure a server, or its search beside others'", allow_abbrev=False
    )
    benchmarks = bench.add_subparsers(title="benchmarks", metavar="BENCHMARK", required=True)
    _add_tournament(benchmarks)
    _add_search(benchmarks)
    return parser


def _add(
    commands: "argparse._SubParsersAction[_Parser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    summary: str,
    rows: tuple[Setting, ...] = (),
) -> _Parser:
    command = commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)
    command.set_defaults(run=run)
    for row in rows:
        command.add_argument(
            f"--{row.name}",
            metavar=row.name.upper(),
            help=f"{row.help} ({row.default}; {row.variable})".replace("%", "%%"),
        )
    return command


def _serve(given: argparse.Namespace) -> int:
    from goseventh.serve import serve

    return serve(settings.from_environment(SERVE, vars(given)))


def _health(given: argparse.Namespace) -> int:
    from goseventh.health import health

    return health(settings.from_environment((HOST, PORT), vars(given)))


def _verify(given: argparse.Namespace) -> int:
    from goseventh import verify

    return verify.run(settings.from_environment((DATA_DIR,), vars(given)))


def _strategies(given: argparse.Namespace) -> int:
    for row in settings.ROWS:
        print(row.name)
        print(f"    a 201 means        {row.created_means}")
        print(f"    kill -9 loses      {row.kill_loses}")
        print(f"    a power cut loses  {row.power_cut_loses}")
        print(f"    choose it          {row.choose_when}")
    print(table.ADVICE)
    return 0


def _add_tournament(benchmarks: "argparse._SubParsersAction[_Parser]") -> None:
    command = _add(benchmarks, "tournament", _tournament, "the tournament's load, as open arrivals")
    command.add_argument("--url", default="http://127.0.0.1:9999", help="the server to measure (%(default)s)")
    command.add_argument("--seed", type=int, default=1, help="of the people, terms and pauses (%(default)s)")
    command.add_argument("--speed", type=float, default=1.0, help="10 is ten times compressed (%(default)s)")
    command.add_argument("--json", metavar="FILE", help="write everything measured into FILE")
    command.add_argument("--append", action="store_true", help="also on a store that is not empty")


def _tournament(given: argparse.Namespace) -> int:
    from pathlib import Path

    from goseventh.bench import tournament

    json = Path(given.json) if given.json else None
    options = tournament.Options(
        url=given.url, seed=given.seed, speed=given.speed, json=json, append=given.append
    )
    return tournament.run(options)


def _add_search(benchmarks: "argparse._SubParsersAction[_Parser]") -> None:
    command = _add(benchmarks, "search", _search, "the search beside SQLite's, PostgreSQL's and plain scans")
    command.add_argument(
        "--sizes", default="10k,100k,1M", help="how many people the stores hold (%(default)s)"
    )
    command.add_argument("--corpora", help="whose people: some of tournament,brazilian (both)")
    command.add_argument("--contenders", help="who is measured, such as goseventh,sqlite (all)")
    command.add_argument("--seed", type=int, default=1, help="of the people and terms (%(default)s)")
    command.add_argument(
        "--seconds", type=float, default=2.0, help="for one kind of term and contender (%(default)s)"
    )
    command.add_argument("--dir", metavar="DIR", help="where to build; what is built is removed (/tmp)")
    command.add_argument("--json", metavar="FILE", help="write everything measured into FILE")


def _search(given: argparse.Namespace) -> int:
    from pathlib import Path

    from goseventh.bench import corpora, search
    from goseventh.bench.contenders import table as contenders

    options = search.Options(
        sizes=search.sizes(given.sizes),
        corpora=search.names("corpora", given.corpora, corpora.TABLE),
        contenders=search.names("contenders", given.contenders, contenders.TABLE),
        seed=given.seed,
        seconds=given.seconds,
        directory=Path(given.dir) if given.dir else None,
        json=Path(given.json) if given.json else None,
    )
    return search.run(options)
