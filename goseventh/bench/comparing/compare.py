"""`goseventh bench compare`: two runs side by side, with a verdict on each figure."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import TextIO

from goseventh.bench.bilingual import number
from goseventh.bench.comparing.comparison import ENOUGH, FALSE_DISCOVERIES, Compared, compare, middle
from goseventh.bench.comparing.doubts import doubts, settings_that_differ
from goseventh.bench.comparing.pairing import YARDSTICK, NoSuchFigures, Paired, chosen, paired
from goseventh.bench.results import Figure, NotAReport, Results, load

WORSE, UNUSABLE = 1, 2


def run(
    old: Path,
    new: Path,
    threshold: float,
    out: TextIO | None = None,
    err: TextIO | None = None,
    *,
    allow_missing: bool = False,
    strategy: str | None = None,
    workers: int | None = None,
) -> int:
    """Prints the table, and returns the exit code.

    1 if a figure of ours is worse by `threshold` (0.1: a tenth); 2 without two reports, or where it means
    little that nothing is worse: no figure could be tested, or most not as closely as `threshold`, some are
    missing in `new`, it was cut off, or it did other work. `allow_missing` takes the last three of these.
    `strategy` and `workers` choose which of our figures stand beside a server of others.
    """
    out, err = out or sys.stdout, err or sys.stderr
    try:
        before, after = load(old), load(new)
    except NotAReport as error:
        print(f"goseventh: {error}", file=err)
        return UNUSABLE
    try:
        choice = chosen(before, after, strategy, workers)
    except NoSuchFigures as error:
        print(f"goseventh: {error}", file=err)
        return UNUSABLE
    both = paired(before, after, choice)
    if not both.pairs:
        print(f"goseventh: {old} and {new} have no figure in common", file=err)
        return UNUSABLE
    found = compare(both.pairs, threshold)
    for name, one in (("before", before), ("after", after)):
        print(f"{name}: {_whose(one)}", file=out)
    if before.target != after.target:
        told = ", ".join(f"{key} {value}" for key, value in choice.items())
        print(f"of ours beside the other server: {told}", file=out)
    print(_table(found, threshold), file=out)
    for line in _without_speeds(before, after, found):
        print(line, file=out)
    print("".join(f"\n{line}" for line in _promises(before, after, both)), file=out)
    for path, figures in ((old, both.only_before), (new, both.only_after)):
        for line in sorted(map(_told, figures)):
            print(f"only in {path}: {line}", file=out)
    for warning in doubts(before, after, found):
        print(f"warning: {warning}", file=err)
    if any(one.verdict == "worse" and _is_ours(one) for one in found):
        return WORSE
    reasons = [*_too_few(found, threshold), *_unusable(before, after, both, found, allow_missing)]
    for why in reasons:
        print(f"goseventh: nothing is worse, but that means little: {why}", file=err)
    return UNUSABLE if reasons else 0


def _unusable(
    before: Results,
    after: Results,
    both: Paired,
    found: Sequence[Compared],
    allow_missing: bool,
) -> Iterator[str]:
    """Why nothing was found that may be there."""
    if all(one.p is None for one in found if _is_ours(one)):
        yield "no figure of ours could be tested; measure each twice or more, with --repeat"
    if allow_missing:
        return
    if missing := [figure for figure in both.only_before if not figure.is_cpu_speed]:
        yield f"{len(missing)} figures are missing in the second (--allow-missing takes that)"
    if not after.complete:
        yield "the second was cut off (--allow-missing takes that)"
    if differing := settings_that_differ(before, after):
        yield f"the second did other work: {', '.join(differing)} (--allow-missing takes that)"


def _too_few(found: Sequence[Compared], threshold: float) -> Iterator[str]:
    """Whether the repeats are too few, or too noisy, for `threshold`."""
    leasts = [
        one.least
        for one in found
        if one.verdict == "within noise" and one.least is not None and _is_ours(one)
    ]
    if leasts and (least := median(leasts)) > threshold > 0:
        raised = ", or raise that" if least < 1 else ""  # a change by all there is would be no threshold
        yield (
            f"half of the figures that seem the same may have changed by {least:.0%} unseen, or more, for"
            f" their repeats differ so much, and --fail-over is {threshold:.0%}; measure more often, with"
            f" --repeat{raised}"
        )


def _without_speeds(before: Results, after: Results, found: Sequence[Compared]) -> Iterator[str]:
    """Why no figure has a change at one CPU speed, where none has."""
    if any(one.at_speed is not None for one in found):
        return
    without = [
        name
        for name, one in (("first", before), ("second", after))
        if not any(figure.is_cpu_speed for figure in one.figures)
    ]
    if without:
        why = f"the {' and the '.join(without)} recorded none"
    else:
        why = f"that takes {ENOUGH} repeats or more, each with its speed"
    yield f"At one CPU speed nothing is told: {why}."


def _is_ours(one: Compared) -> bool:
    """Whether it is a figure of ours that can be worse."""
    return YARDSTICK not in one.old.where and one.old.can_be_worse


def _whose(results: Results) -> str:
    commit = f", commit {results.commit}" if results.commit else ""
    return f"version {results.version}{commit}, {results.started}, {results.target}"


def _promises(before: Results, after: Results, both: Paired) -> Iterator[str]:
    """Of the strategies whose figures are compared: a speed means nothing without that."""
    named = {one.where.get("strategy") for pair in both.pairs for one in pair}
    rows = {row.name: row for run in (before, after) for row in run.strategies}
    for row in rows.values():
        if row.name in named:
            yield (
                f"{row.name}: a 201 means {row.created_means}; kill -9 loses {row.kill_loses};"
                f" a power cut loses {row.power_cut_loses}."
            )


def _table(found: Sequence[Compared], threshold: float) -> str:
    """Markdown that is as readable as it stands."""
    rows: list[tuple[str, ...]] = [
        ("figure", "unit", "before", "after", "change", "at one CPU speed", "verdict")
    ]
    for one in found:
        changes = ("–" if change is None else f"{change:+.1%}" for change in (one.change, one.at_speed))
        middles = (number(middle(figure)).en for figure in (one.old, one.new))
        rows.append((_told(one.old), one.old.unit, *middles, *changes, one.verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    counts = ", ".join(
        f"{count} {verdict}" for verdict, count in Counter(one.verdict for one in found).items()
    )
    said = (
        f"{len(found)} figures: {counts}. Better and worse are changes by {threshold:.0%} or more that are"
        f" significant: at most {FALSE_DISCOVERIES:.0%} of those are expected to be noise. Where bare Sanic"
        " changed as well, they are of what is beyond that."
    )
    return "\n".join([*lines, "", said])


def _told(figure: Figure) -> str:
    where = ", ".join(f"{key} {value}" for key, value in figure.where.items())
    return f"{figure.part}: {figure.name}" + (f" ({where})" if where else "")
