"""`goseventh bench compare`: two runs side by side, with a verdict on each figure."""

import sys
from collections import Counter
from pathlib import Path
from typing import TextIO

from goseventh.bench.comparison import FALSE_DISCOVERIES, Compared, compare, middle
from goseventh.bench.results import Figure, NotAReport, Results, load
from goseventh.bench.showing.text import number

WORSE, UNUSABLE = 1, 2
YARDSTICK = "server"
"""The condition of figures of somebody else's code, beside which ours stand: they tell of the machine."""

Key = tuple[str, str, frozenset[tuple[str, str | int | float]]]


def run(old: Path, new: Path, threshold: float, out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Prints the table. Returns 1 if a figure is worse by `threshold` (0.1: a tenth), 2 without reports."""
    out, err = out or sys.stdout, err or sys.stderr
    try:
        before, after = load(old), load(new)
    except NotAReport as error:
        print(f"goseventh: {error}", file=err)
        return UNUSABLE
    mine, others = _by_key(before), _by_key(after)
    pairs = [(figure, others[key]) for key, figure in mine.items() if key in others]
    if not pairs:
        print(f"goseventh: {old} and {new} have no figure in common", file=err)
        return UNUSABLE
    found = compare(pairs, threshold)
    print(_table(found, threshold), file=out)
    for path, figures in ((old, mine.keys() - others.keys()), (new, others.keys() - mine.keys())):
        for line in sorted(_told(mine.get(key) or others[key]) for key in figures):
            print(f"only in {path}: {line}", file=out)
    for warning in _warnings(before, after, found):
        print(f"warning: {warning}", file=err)
    return WORSE if any(one.verdict == "worse" and not _foreign(one) for one in found) else 0


def _by_key(results: Results) -> dict[Key, Figure]:
    return {(one.part, one.name, frozenset(one.where.items())): one for one in results.figures}


def _table(found: list[Compared], threshold: float) -> str:
    """Markdown that is as readable as it stands."""
    rows: list[tuple[str, ...]] = [("figure", "unit", "before", "after", "change", "verdict")]
    for one in found:
        change = f"{one.change:+.1%}" if one.change is not None else "–"
        middles = (number(middle(figure)).en for figure in (one.old, one.new))
        rows.append((_told(one.old), one.old.unit, *middles, change, one.verdict))
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
        f" significant: at most {FALSE_DISCOVERIES:.0%} of those are expected to be noise."
    )
    return "\n".join([*lines, "", said])


def _told(figure: Figure) -> str:
    where = ", ".join(f"{key} {value}" for key, value in figure.where.items())
    return f"{figure.part}: {figure.name}" + (f" ({where})" if where else "")


def _foreign(one: Compared) -> bool:
    return YARDSTICK in one.old.where


def _warnings(before: Results, after: Results, found: list[Compared]) -> list[str]:
    """What makes a comparison doubtful, a sentence each."""
    a, b = before.machine, after.machine
    differing = [
        what
        for what, one, other in (
            ("CPU", (a.cpu, a.cpus), (b.cpu, b.cpus)),
            ("memory", a.memory_bytes, b.memory_bytes),
            ("kernel", a.kernel, b.kernel),
            ("Python", a.python, b.python),
            ("disk", a.disk.directory_kind, b.disk.directory_kind),
            ("limits", a.limits, b.limits),
            ("settings", before.settings, after.settings),
            ("target", before.target, after.target),
        )
        if one != other
    ]
    said = (
        [f"the runs differ in {', '.join(differing)}: their figures may differ for that"] if differing else []
    )
    said += [
        f"{path} was interrupted"
        for path, one in (("the first", before), ("the second", after))
        if not one.complete
    ]
    if any(_foreign(one) and one.verdict in ("better", "worse") for one in found):
        said.append("a server that is not ours changed as well: the machine was not as fast both times")
    if any(one.p is None and one.verdict == "can't tell" for one in found):
        said.append("some figures have one repeat or none above zero: of those nothing can be told")
    return said
