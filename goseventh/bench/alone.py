"""The report of `goseventh bench tournament` or `search`, which have commands and flags of their own."""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from goseventh.bench import announcement, machine
from goseventh.bench.interruptible import interruptible
from goseventh.bench.open_load import tournament
from goseventh.bench.parts import search as search_part
from goseventh.bench.parts import tournament as tournament_part
from goseventh.bench.parts.shape import Found, Rig
from goseventh.bench.plan import USUAL, plan
from goseventh.bench.record import Record
from goseventh.bench.reporting import PREVIOUS, NotKept, Report, Unwritable
from goseventh.bench.results import Limits
from goseventh.bench.rig import OwnRig
from goseventh.bench.searching import search
from goseventh.bench.searching.options import Options

INTERRUPTED = tournament.INTERRUPTED
_MEASURED = (tournament.PASSED, tournament.FAILED, INTERRUPTED)
REFUSED = 2


def run_tournament(options: tournament.Options, out: Path) -> int:
    """As `tournament.run`, with a report in `out`. Of the server only the address is known."""

    def run(file: Path) -> int:
        return tournament.run(replace(options, json=options.json or file))

    def found(rig: Rig, results: dict[str, Any]) -> Iterator[Found]:
        return tournament_part.found(rig, results, {})

    settings = {"seed": options.seed, "speed": options.speed, "shorten": options.shorten}
    return _run("tournament", out, options.json, run=run, found=found, settings=settings, url=options.url)


def run_search(options: Options, out: Path) -> int:
    """As `search.run`, with a report in `out`."""

    def run(file: Path) -> int:
        return search.run(replace(options, json=options.json or file))

    sizes, corpora = ",".join(map(str, options.sizes)), ",".join(options.corpora)
    settings = {"sizes": sizes, "corpora": corpora, "seed": options.seed, "seconds": options.seconds}
    return _run("search", out, options.json, run=run, found=search_part.found, settings=settings)


def _run(
    part: str,
    out: Path,
    json: Path | None,
    *,
    run: Callable[[Path], int],
    found: Callable[[Rig, dict[str, Any]], Iterator[Found]],
    settings: Mapping[str, object],
    url: str | None = None,
) -> int:
    """Runs the command, which writes what it measured into `json` or else the file that it is given.

    Interrupted, it writes a report of what had been measured by then.
    """
    report = Report(out)
    try:
        report.prepare()
    except Unwritable as error:
        print(f"goseventh bench: {error}", file=sys.stderr)
        return REFUSED
    if report.earlier:
        print(f"The report that is there is kept as {PREVIOUS}.", flush=True)
    made = replace(plan(USUAL, out=str(out)), url=url, strategies=())
    record = Record(made, machine.describe(out, Limits()))
    with tempfile.TemporaryDirectory() as place, OwnRig(made, out, (), (), lambda line, seconds: None) as rig:
        file = Path(place) / "measured.json"
        file, before = json or file, _read(json)
        code = run(file)
        measured = _read(file)
        if code not in _MEASURED or not measured or (code == INTERRUPTED and measured == before):
            return code
        if url is not None:
            rig.warn(announcement.NOT_STARTED_HERE)
        rig.part = part
        for one in found(rig, orjson.loads(measured)):
            record.collected.add(part, one)
    written = {name: str(value).removesuffix(".0") for name, value in settings.items()}
    results = replace(record.results(rig.warned, complete=code != INTERRUPTED), settings=written)
    with interruptible():
        try:
            report.write(results)
        except KeyboardInterrupt:
            return INTERRUPTED
        except NotKept as error:
            print(f"goseventh bench: {error}; the report is not whole", file=sys.stderr)
            return tournament.FAILED
    print(f"The report is in {out}" if report.kept else "Nothing was measured")
    return code


def _read(file: Path | None) -> bytes:
    """What is in it; nothing where there is none."""
    return file.read_bytes() if file is not None and file.exists() else b""
