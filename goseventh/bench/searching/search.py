"""`goseventh bench search`: the store's search beside others', over the same people, in one run.

Data flows one way: corpus → contenders, all fed together → the same terms asked of all → figures → report.
"""

import os
import platform
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import orjson

from goseventh.bench import corpora
from goseventh.bench.corpora import Corpus, NotAvailable
from goseventh.bench.interruptible import interruptible
from goseventh.bench.processes.server import NotServing
from goseventh.bench.quiet import no_collections
from goseventh.bench.searching import crowded, duel, growth, search_report
from goseventh.bench.searching.contenders.shape import Contender
from goseventh.bench.searching.contenders.store import Embedded
from goseventh.bench.searching.options import Options
from goseventh.bench.searching.terms import kinds
from goseventh.bench.searching.texts import Texts
from goseventh.progress import Show, progress

PASSED, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130
# A larger batch writes fewer pages twice, for nicknames come at random; a smaller one shows how far it is.
_BATCHES = 64
_LARGEST_BATCH = 131_072
_READ_IDS = 5_000


_MOST_SECONDS = 60.0
"""Each latency of a kind is kept until it is over."""


class Refusal(Exception):
    """Nothing was written; the message is one clear line."""


def run(options: Options, out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Do the whole of it and return the exit code.

    0 all agreed, 1 somebody found other people, 2 nothing was written, 130 interrupted. The report goes to
    `out` (stdout), the bar and the one line of a refusal to `err` (stderr).
    """
    out, err = out or sys.stdout, err or sys.stderr
    try:
        with interruptible():
            return _run(options, out, err)
    except (Refusal, NotServing) as refusal:
        print(f"goseventh bench: {refusal}", file=err)
        return REFUSED if isinstance(refusal, Refusal) else FAILED
    except KeyboardInterrupt:
        print("goseventh bench: interrupted; no store is left behind", file=err)
        return INTERRUPTED


def _run(options: Options, out: TextIO, err: TextIO) -> int:
    _check(options)
    print(search_report.announce(options), file=out, flush=True)
    results: dict[str, Any] = {
        "seed": options.seed,
        "seconds": options.seconds,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "complete": False,
        "passed": True,
        "runs": [],
        "faults": [],
    }
    with (
        tempfile.TemporaryDirectory(prefix="goseventh-bench-", dir=options.directory) as made,
        progress(err, thread=True) as show,
    ):
        place = Path(made)
        place.chmod(0o711)  # PostgreSQL may have to run as another user
        for corpus in options.corpora:
            for size in sorted(options.sizes):
                one = _measure(options, place / f"{corpus}-{size}", corpus, size, _Steps(out, show))
                results["runs"].append(one)
                results["faults"] += one["faults"]
                results["passed"] = not results["faults"]
                search_report.show(search_report.text(one), out)
                _keep(options, results)
                shutil.rmtree(place / f"{corpus}-{size}", ignore_errors=True)
    results["complete"] = True
    search_report.show(search_report.verdict(results), out)
    _keep(options, results)
    return PASSED if results["passed"] else FAILED


def _keep(options: Options, results: dict[str, Any]) -> None:
    """After each store, for the largest may take hours, and an interrupt shall cost no more than that one."""
    if options.json:
        options.json.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2) + b"\n")


class _Steps:
    """Says what is done: a line when it is over, a bar meanwhile."""

    def __init__(self, out: TextIO, show: Show) -> None:
        self._out, self.show = out, show

    def line(self, text: str) -> None:
        print(text, file=self._out, flush=True)


def _measure(options: Options, place: Path, name: str, size: int, steps: _Steps) -> dict[str, Any]:
    """One size of one corpus, from building to growth."""
    found: dict[str, Any] = {"corpus": name, "people": size, "contenders": {}, "kinds": {}, "faults": []}
    try:
        corpus = Corpus(corpora.TABLE[name], size, options.seed)
    except NotAvailable as error:
        found["not_available"] = str(error)
        return found
    texts = Texts()
    steps.line(f"{name}, {size:,} people")
    with ExitStack() as closing:
        contenders = _start(options, place, texts, found["contenders"], closing)
        _build(corpus, texts, contenders, found["contenders"], steps)
        found["text_bytes"] = len(texts.whole)
        asked = kinds(texts, options.seed)
        steps.show(0, None, "comparing")
        found["faults"] = [
            f"{name}, {size:,} people: {line}" for line in duel.disagreements(contenders, asked)
        ]
        steps.line(f"compared: {len(found['faults'])} differences")
        for kind in asked:
            took = duel.race(contenders, kind, options.seconds, steps.show)
            if not took:
                continue  # nobody here searches that way
            found["kinds"][kind.name] = {"means": kind.means, "terms": kind.terms, "contenders": took}
        steps.line("searched")
        ours = next((one for one in contenders.values() if isinstance(one, Embedded)), None)
        ids = ours.ids(range(1, size + 1, max(1, size // _READ_IDS))) if ours else []
    if ours and size == max(options.sizes) and not found["faults"]:
        terms = [term for kind in asked if kind.hard for term in kind.terms]
        found["crowded"] = crowded.measure(ours.directory, ids, terms, options.crowded_seconds, steps.show)
        steps.line("read by id while searched")
        found["growth"] = growth.measure(ours.directory, options.creations, options.seed, steps.show)
        steps.line("created more people")
    return found


def _start(
    options: Options, place: Path, texts: Texts, found: dict[str, Any], closing: ExitStack
) -> dict[str, Contender]:
    contenders: dict[str, Contender] = {}
    for name in options.contenders:
        directory = place / name
        directory.mkdir(parents=True)
        try:
            contender = options.known[name](directory, texts)
        except NotAvailable as error:
            found[name] = {"not_available": str(error)}
            continue
        closing.callback(contender.close)
        contenders[name] = contender
        found[name] = {"settings": contender.settings}
    return contenders


def _build(
    corpus: Corpus, texts: Texts, contenders: dict[str, Contender], found: dict[str, Any], steps: _Steps
) -> None:
    """Feeds all contenders from one pass over the people; what each takes is its own."""
    seconds = dict.fromkeys(contenders, 0.0)
    largest = min(_LARGEST_BATCH, max(1_000, corpus.size // _BATCHES))
    with no_collections():
        for batch in corpus.batches(largest):
            first = len(texts) + 1
            texts.add(batch)
            for name, contender in contenders.items():
                begin = time.perf_counter()
                contender.add(first, batch)
                seconds[name] += time.perf_counter() - begin
            steps.show(len(texts), corpus.size, f"building: {len(texts):,} people")
    for name, contender in contenders.items():
        steps.show(0, None, f"finishing {name}")
        begin = time.perf_counter()
        contender.finish()
        seconds[name] += time.perf_counter() - begin
        found[name] |= {"build_seconds": seconds[name], "index_bytes": contender.index_bytes()}
        if isinstance(contender, Embedded):
            found[name] |= contender.sizes()
        steps.line(f"built {name}: {seconds[name]:,.1f} s")


def _check(options: Options) -> None:
    """Raises Refusal for what could only fail after a long time."""
    if not 0 < options.seconds <= _MOST_SECONDS:
        raise Refusal(f"--seconds {options.seconds:g}: must be more than 0, and at most {_MOST_SECONDS:g}")
    try:
        if options.json:
            options.json.open("ab").close()
    except OSError as error:
        raise Refusal(f"--json {options.json}: {error.strerror}") from None
    where = options.directory or Path(tempfile.gettempdir())
    if not where.is_dir() or not os.access(where, os.W_OK | os.X_OK):
        raise Refusal(f"--dir {where}: must be a directory that can be written")
    needed, free = search_report.space(options), shutil.disk_usage(where).free
    if needed > free:
        raise Refusal(
            f"--dir {where}: has {free / 2**30:.1f} GiB left, and {needed / 2**30:.1f} GiB are needed"
        )
