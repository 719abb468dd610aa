"""`goseventh bench tournament`: the tournament's own load against a running server, and a verdict.

Data flows one way: people and schedule → script → load → exchanges → faults and figures → report.
"""

import resource
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import orjson

from goseventh.bench.interruptible import interruptible
from goseventh.bench.open_load import figures, report
from goseventh.bench.open_load.client import Target
from goseventh.bench.open_load.exchange import Exchange
from goseventh.bench.open_load.load import Load
from goseventh.bench.open_load.schedule import TOURNAMENT, Plan, seconds, shortened
from goseventh.bench.open_load.script import Script, write
from goseventh.bench.open_load.series import WINDOW_SECONDS, Sample
from goseventh.bench.open_load.verdict import UNENDED, judge
from goseventh.bench.people import fresh_mark
from goseventh.bench.wire import Site, Unreachable
from goseventh.progress import progress

USUAL_URL = "http://127.0.0.1:9999"
"""Where a server of ours listens unless told otherwise."""
PASSED, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line sets; `plan` and `timeout` are there for shorter runs, as in tests."""

    url: str = USUAL_URL
    seed: int = 1
    speed: float = 1.0
    shorten: float = 1.0
    json: Path | None = None
    append: bool = False
    strict: bool = True
    """Whether it is held to our own contract, beyond what the tournament asks of everybody."""
    timeout: float = 60.0  # seconds until a request counts as missing
    plan: Plan = field(default_factory=lambda: TOURNAMENT)


class Refusal(Exception):
    """Nothing was sent; the message is one clear line."""


def run(options: Options, out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Do the whole of it and return the exit code: 0 passed, 1 failed, 2 nothing was sent, 130 interrupted.

    Interrupted, it still tells and keeps what was answered by then. The report goes to `out` (stdout), the
    progress bar and the one line of a refusal to `err` (stderr).
    """
    out, err = out or sys.stdout, err or sys.stderr
    try:
        with interruptible():
            return _run(options, out, err)
    except (Refusal, Unreachable) as refusal:
        print(f"goseventh bench: {refusal}", file=err)
        return REFUSED
    except KeyboardInterrupt:
        print("goseventh bench: interrupted; the people sent so far stay in the store", file=err)
        return INTERRUPTED


def _run(options: Options, out: TextIO, err: TextIO) -> int:
    if not 0 < options.speed < float("inf"):
        raise Refusal(f"--speed {options.speed:g}: must be more than 0")
    if not 1 <= options.shorten < float("inf"):
        raise Refusal(f"--shorten {options.shorten:g}: must be 1 or more")
    site = Site(options.url)
    before = site.count(options.timeout)
    if before and not options.append:
        raise Refusal(f"{options.url} already holds {before:,} people; empty its store or add --append")
    if options.json:
        _must_be_writable(options.json)
    prefix = fresh_mark() if options.append else ""
    plan = shortened(options.plan, options.shorten)
    script = write(site, plan, options.seed, options.speed, prefix)
    lasting = seconds(plan, options.speed)
    print(report.announce(script, lasting, options.speed), file=out, flush=True)

    started = datetime.now(UTC)
    exchanges, samples, complete = _drive(site, script, options, err)
    after = _count_after(site, options, err) if complete else None
    if err.isatty():
        print("Checking the answers", file=err)  # some seconds: each term is looked for in everybody
    faults = judge(script.people, script.terms, exchanges, strict=options.strict)
    if not complete:  # whoever still waited for an answer was not denied it
        faults = [fault for fault in faults if fault.what != UNENDED]
        exchanges = [exchange for exchange in exchanges if exchange.ended]
    results = figures.results(
        asked={
            "url": options.url,
            "seed": options.seed,
            "speed": options.speed,
            "shorten": options.shorten,
            "append": options.append,
            "prefix": prefix,
            "started": started.isoformat(timespec="seconds"),
        },
        people={
            "before": before,
            "after": after,
            "expected": script.stored,
            "stored": None if after is None else after - before,
        },
        exchanges=exchanges,
        faults=faults,
        samples=samples,
        window=WINDOW_SECONDS / options.speed / options.shorten,
        complete=complete,
    )
    print(report.text(results), file=out, flush=True)
    if options.json:
        options.json.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2) + b"\n")
    if not complete:
        raise KeyboardInterrupt
    return PASSED if results["passed"] else FAILED


def _drive(
    site: Site, script: Script, options: Options, err: TextIO
) -> tuple[list[Exchange], list[Sample], bool]:
    """Also whether nobody interrupted it."""
    samples: list[Sample] = []

    with suppress(ValueError, OSError):  # a stalled server leaves some hundred connections open each second
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    total = len(script.arrivals) + script.stored
    with progress(err, thread=False) as show:

        def tick(load: Load) -> None:
            samples.append((time.perf_counter(), time.process_time()))
            sent, answered = len(load.exchanges), load.answered
            show(min(answered, total), total, f"{sent:,} sent, {sent - answered:,} waiting")

        # Several samples in each window of the series, and no more than one redrawing a second for long.
        step = min(1.0, WINDOW_SECONDS / options.speed / options.shorten / 4)
        load = Load(Target(site.host, site.port), script, options.timeout, tick, step)
        try:
            load.run()
        except KeyboardInterrupt:
            if not load.answered:
                raise
            samples.append((time.perf_counter(), time.process_time()))
            return load.exchanges, samples, False
    return load.exchanges, samples, True


def _count_after(site: Site, options: Options, err: TextIO) -> int | None:
    """At once: the count must be exact, not become so. None when the server no longer answers."""
    try:
        return site.count(options.timeout)
    except Unreachable as error:
        print(f"goseventh bench: the people could not be counted after the run: {error}", file=err)
        return None


def _must_be_writable(path: Path) -> None:
    """Find out now rather than after the run."""
    try:
        path.open("ab").close()
    except OSError as error:
        raise Refusal(f"--json {path}: {error.strerror}") from None
