"""The results of `goseventh bench search` as a person reads them: Markdown, drawn on a terminal."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TextIO

from rich.console import Console
from rich.markdown import Markdown

from goseventh.bench.searching.options import Options

# Bytes on disk a person, about; more is written on the way there.
_SPACE = {"goseventh": 900, "sqlite": 700, "postgresql": 1_200}
_WRITTEN = {"goseventh": 3_000, "sqlite": 1_500, "postgresql": 2_000}


def announce(options: Options) -> str:
    """What is about to happen, before anything is written."""
    people = sum(options.sizes) * len(options.corpora)
    written = people * sum(_WRITTEN.get(name, 0) for name in options.contenders)
    return (
        f"Builds stores of {', '.join(f'{size:,}' for size in options.sizes)} people"
        f" ({', '.join(options.corpora)}) for {', '.join(options.contenders)}.\n"
        f"Writes about {_size(written)} in all, needs {_size(space(options))} at a time,"
        " and removes what it wrote."
    )


def space(options: Options) -> int:
    """Bytes of disk that are needed at a time."""
    return max(options.sizes) * sum(_SPACE.get(name, 0) for name in options.contenders)


def show(markdown: str, out: TextIO) -> None:
    """Prints it: drawn on a terminal, as it is elsewhere."""
    if out.isatty():
        Console(file=out).print(Markdown(markdown))
    else:
        print(markdown, file=out, flush=True)


def text(run: Mapping[str, Any]) -> str:
    """One size of one corpus."""
    return "\n".join(_lines(run)) + "\n"


def verdict(results: Mapping[str, Any]) -> str:
    """The last words."""
    if results["passed"]:
        return "Every contender found the same people for every term."
    return "\n".join([*(f"- {fault}" for fault in results["faults"]), "", "FAILED: these answers differ."])


def _lines(run: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n## {run['corpus']}, {run['people']:,} people\n"
    if "not_available" in run:
        yield f"not available: {run['not_available']}"
        return
    yield "Median / p99 of a search for the first 50 people, in ms.\n"
    yield from _table(run)
    yield ""
    yield f"- Text: {run['text_bytes'] / run['people']:.0f} bytes a person."
    for name, about in run["contenders"].items():
        yield f"- {name}: {about.get('settings') or 'not available: ' + about['not_available']}."
    for kind, row in run["kinds"].items():
        yield f"- {kind}: {row['means']}, such as `{row['terms'][0]}`."
    yield from _own(run)
    yield from _crowded(run)
    yield from _growth(run)


def _table(run: Mapping[str, Any]) -> Iterator[str]:
    contenders = run["contenders"]
    yield _row("term", contenders)
    yield _row("---", ["---:"] * len(contenders))
    for kind, row in run["kinds"].items():
        yield _row(kind, [_times(about, row["contenders"].get(name)) for name, about in contenders.items()])
    yield _row(
        "index, bytes a person",
        [_amount(about, "index_bytes", 1 / run["people"]) for about in contenders.values()],
    )
    yield _row("build, s", [_amount(about, "build_seconds", 1) for about in contenders.values()])


def _own(run: Mapping[str, Any]) -> Iterator[str]:
    for about in run["contenders"].values():
        if "file_bytes" in about:
            whole, own, outlines = (
                about[f"{name}_bytes"] / run["people"] for name in ("file", "signature", "outline")
            )
            yield (
                f"- GoSeventh's file: {whole:,.0f} bytes a person; signatures {own:.1f},"
                f" {own * run['people'] / run['text_bytes']:.0%} of the text; outlines {outlines:.1f}."
            )


def _crowded(run: Mapping[str, Any]) -> Iterator[str]:
    if found := run.get("crowded"):
        memory = found["memory"]
        answered = ", ".join(f"{count:,} × {status}" for status, count in found["searches"].items())
        yield (
            f"- Reads by id on one worker, p50 / p99 / max: {_three(found['quiet'])} ms unsearched,"
            f" {_three(found['searched'])} ms while it searches without a pause"
            f" (spread, short rare and worst terms: {answered})."
        )
        yield (
            f"- That worker's memory: peak RSS {_size(memory['peak_rss'])}, PSS {_size(memory['pss'])},"
            f" of which {_size(memory['pss_anonymous'])} are no file's."
        )


def _growth(run: Mapping[str, Any]) -> Iterator[str]:
    if found := run.get("growth"):
        yield (
            f"- Creations ({found['strategy']}, {found['in_flight']} in flight, in process):"
            f" {found['large_per_second']:,.0f}/s into this store,"
            f" {found['empty_per_second']:,.0f}/s into an empty one, ratio {found['ratio']:.2f}."
        )


def _row(title: str, cells: Iterable[str]) -> str:
    return f"| {title} | {' | '.join(cells)} |"


def _times(about: Mapping[str, Any], row: Mapping[str, Any] | None) -> str:
    if "not_available" in about:
        return "not available"
    return "–" if row is None else f"{_number(row['median'])} / {_number(row['p99'])}"


def _amount(about: Mapping[str, Any], key: str, factor: float) -> str:
    return _number(about[key] * factor) if key in about else "not available"


def _number(value: float) -> str:
    """Three digits, or all of a larger one."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3f}" if value < 1 else f"{value:.3g}"


def _three(row: Mapping[str, float]) -> str:
    return " / ".join(f"{row[name]:.2f}" for name in ("p50", "p99", "max"))


def _size(count: float) -> str:
    return f"{count / 2**30:,.1f} GiB" if count >= 2**30 else f"{count / 2**20:,.0f} MiB"
