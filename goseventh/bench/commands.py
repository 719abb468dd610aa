"""The commands below `goseventh bench`: parse, call one function, exit code."""

import argparse

from goseventh.arguments import Parser, add
from goseventh.bench.heard import to_the_end
from goseventh.settings import SettingError

WHOLE = {
    "all": "every part below, and one report of all",
    "storage": "creations in a process, by strategy, writers and flush delay",
    "http": "servers at saturation, by strategy, flush delay and workers, beside bare Sanic",
    "crash": "kill -9 and power cuts: how many of those acknowledged are lost, by strategy",
    "startup": "time to the first answer, also after a kill -9, by people and strategy",
    "memory": "memory of all processes and size of the file, by people",
}
"""Commands of one shape: what is measured becomes a report."""
_WITH_HTTP = ("all", "http")
_COMPARES = ("msgspec", "scipy")


def add_to(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Adds `bench` and all below it to the command line's commands."""
    bench = commands.add_parser(
        "bench", help="measure a server, or its search beside others'", allow_abbrev=False
    )
    benchmarks = bench.add_subparsers(title="benchmarks", metavar="BENCHMARK", required=True)
    _add_whole(benchmarks)
    _add_tournament(benchmarks)
    _add_search(benchmarks)
    _add_compare(benchmarks)


def _add_whole(benchmarks: "argparse._SubParsersAction[Parser]") -> None:
    """`all`, and each part that has no command of its own."""
    for name, summary in WHOLE.items():
        command = add(benchmarks, name, _whole, summary)
        command.set_defaults(part=name)
        command.add_argument("--strategies", help="some, parted by commas (all)")
        command.add_argument(
            "--workers",
            help="numbers of workers, such as 1,2 (1, and one for each CPU);"
            " with --url how many it has, for the load generator's size (1)",
        )
        command.add_argument(
            "--emulate-flush-ms", help="milliseconds added to a flush, such as 0,1,5,10 (0,5)"
        )
        command.add_argument("--repeat", type=int, help="how often each is measured, in turn (5)")
        command.add_argument("--seconds", type=float, help="of load each time (0.8)")
        command.add_argument("--cpus", type=float, help="hold the servers to so many CPUs, such as 1.5")
        command.add_argument("--memory", help="hold the servers to so much memory, such as 3g")
        command.add_argument("--seed", type=int, default=1, help="of people and terms (%(default)s)")
        command.add_argument("--url", help="measure this server instead, as far as one can from outside")
        command.add_argument(
            "--out",
            metavar="DIR",
            default="bench-report",
            help="for the report, and stores meanwhile (%(default)s)",
        )
        if name in _WITH_HTTP:
            _add_http(command)
        else:
            command.set_defaults(loads=None, beside_wrk=False, beside_postgresql=False)
        depth = command.add_mutually_exclusive_group()
        depth.add_argument("--quick", action="store_true", help="two to five minutes in all, and rough")
        depth.add_argument("--full", action="store_true", help="an hour in all: longer, larger, more of them")


def _add_http(command: Parser) -> None:
    command.add_argument(
        "--loads", help="under http, some of creations,reads,searches,mix: creations always (all)"
    )
    command.add_argument("--beside-wrk", action="store_true", help="also compare the load generator with wrk")
    command.add_argument(
        "--beside-postgresql",
        action="store_true",
        help="also measure, under http, this server over a PostgreSQL, both within the same limits",
    )


@to_the_end
def _whole(given: argparse.Namespace) -> int:
    from goseventh.bench import plan, whole
    from goseventh.bench.parts.table import TABLE

    made = plan.plan(
        plan.QUICK if given.quick else plan.FULL if given.full else plan.USUAL,
        strategies=given.strategies,
        workers=given.workers,
        flush_ms=given.emulate_flush_ms,
        loads=given.loads,
        repeat=given.repeat,
        seconds=given.seconds,
        cpus=given.cpus,
        memory=given.memory,
        seed=given.seed,
        url=given.url,
        out=given.out,
        beside_wrk=given.beside_wrk,
        beside_postgresql=given.beside_postgresql,
    )
    return whole.run(made, list(TABLE.values()) if given.part == "all" else [TABLE[given.part]])


def _add_tournament(benchmarks: "argparse._SubParsersAction[Parser]") -> None:
    command = add(benchmarks, "tournament", _tournament, "the tournament's load, as open arrivals")
    command.add_argument(
        "--url",
        help="the server to measure, by status, Location and what a read returns"
        " (one of ours at http://127.0.0.1:9999)",
    )
    command.add_argument(
        "--strict", action="store_true", help="hold the server of --url to GoSeventh's whole contract"
    )
    command.add_argument("--seed", type=int, default=1, help="of the people, terms and pauses (%(default)s)")
    command.add_argument("--speed", type=float, default=1.0, help="10 is ten times compressed (%(default)s)")
    command.add_argument(
        "--shorten",
        type=float,
        default=1.0,
        help="10 is the same rates for a tenth of the time (%(default)s)",
    )
    command.add_argument("--json", metavar="FILE", help="write everything measured into FILE")
    command.add_argument("--out", metavar="DIR", help="write a report of it into DIR")
    command.add_argument("--append", action="store_true", help="also on a store that is not empty")


@to_the_end
def _tournament(given: argparse.Namespace) -> int:
    from pathlib import Path

    from goseventh.bench.open_load import tournament

    json = Path(given.json) if given.json else None
    options = tournament.Options(
        url=given.url or tournament.USUAL_URL,
        strict=given.strict or given.url is None,
        seed=given.seed,
        speed=given.speed,
        shorten=given.shorten,
        json=json,
        append=given.append,
    )
    if given.out is None:
        return tournament.run(options)

    from goseventh.bench import alone

    return alone.run_tournament(options, Path(given.out))


def _add_search(benchmarks: "argparse._SubParsersAction[Parser]") -> None:
    command = add(benchmarks, "search", _search, "the search beside SQLite's, PostgreSQL's and plain scans")
    command.add_argument(
        "--sizes", default="10k,100k,1M", help="how many people the stores hold (%(default)s)"
    )
    command.add_argument("--corpora", help="whose people: some of tournament,brazilian,cyrillic (all)")
    command.add_argument("--contenders", help="who is measured, such as goseventh,sqlite (all)")
    command.add_argument("--seed", type=int, default=1, help="of the people and terms (%(default)s)")
    command.add_argument(
        "--seconds", type=float, default=2.0, help="for one kind of term and contender (%(default)s)"
    )
    command.add_argument("--out", metavar="DIR", help="write a report of it into DIR")
    command.add_argument("--dir", metavar="DIR", help="where to build; what is built is removed (/tmp)")
    command.add_argument("--json", metavar="FILE", help="write everything measured into FILE")


@to_the_end
def _search(given: argparse.Namespace) -> int:
    from pathlib import Path

    from goseventh.bench import corpora
    from goseventh.bench.searching import options, search
    from goseventh.bench.searching.contenders import table as contenders

    wanted = options.Options(
        sizes=options.sizes(given.sizes),
        corpora=options.names("corpora", given.corpora, corpora.TABLE),
        contenders=options.names("contenders", given.contenders, contenders.TABLE),
        seed=given.seed,
        seconds=given.seconds,
        directory=Path(given.dir) if given.dir else None,
        json=Path(given.json) if given.json else None,
    )
    if given.out is None:
        return search.run(wanted)

    from goseventh.bench import alone

    return alone.run_search(wanted, Path(given.out))


def _add_compare(benchmarks: "argparse._SubParsersAction[Parser]") -> None:
    summary = (
        "set two runs' report.json side by side; exit code 1 if a figure got worse, 2 if nothing can be told"
    )
    command = add(benchmarks, "compare", _compare, summary)
    command.add_argument("before", metavar="A.json", help="the run to compare with")
    command.add_argument("after", metavar="B.json", help="the run to judge")
    command.add_argument(
        "--fail-over",
        type=_share,
        default="10%",
        metavar="SHARE",
        help="how much worse a figure must be, beyond noise, to fail (%(default)s); 0: by whatever is told",
    )
    command.add_argument(
        "--allow-missing",
        action="store_true",
        help="exit code 0 also where B.json lacks figures of A.json, was cut off or did other work",
    )
    command.add_argument("--strategy", help="which of ours stands beside somebody else's server (the first)")
    command.add_argument("--workers", type=int, help="and with how many workers (most)")


def _share(written: str) -> float:
    """Such as 10% or 0.1, from 0 to less than all."""
    try:
        number = float(written.removesuffix("%")) / (100 if written.endswith("%") else 1)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError(f"{written}: must be from 0 to less than 100%, such as 10% or 0.1")
    return number


@to_the_end
def _compare(given: argparse.Namespace) -> int:
    from pathlib import Path

    from goseventh.bench.extra import absent

    if (why := absent(*_COMPARES)) is not None:
        raise SettingError(f"bench compare: {why}")

    from goseventh.bench.comparing import compare

    return compare.run(
        Path(given.before),
        Path(given.after),
        given.fail_over,
        allow_missing=given.allow_missing,
        strategy=given.strategy,
        workers=given.workers,
    )
