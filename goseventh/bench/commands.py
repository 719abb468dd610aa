"""The commands below `goseventh bench`: parse, call one function, exit code."""

import argparse

from goseventh.arguments import Parser, add


def add_to(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Adds `bench` and all below it to the command line's commands."""
    bench = commands.add_parser(
        "bench", help="measure a server, or its search beside others'", allow_abbrev=False
    )
    benchmarks = bench.add_subparsers(title="benchmarks", metavar="BENCHMARK", required=True)
    _add_tournament(benchmarks)
    _add_search(benchmarks)


def _add_tournament(benchmarks: "argparse._SubParsersAction[Parser]") -> None:
    command = add(benchmarks, "tournament", _tournament, "the tournament's load, as open arrivals")
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


def _add_search(benchmarks: "argparse._SubParsersAction[Parser]") -> None:
    command = add(benchmarks, "search", _search, "the search beside SQLite's, PostgreSQL's and plain scans")
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
