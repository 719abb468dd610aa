"""The results as a person reads them: pure functions from the dictionary of `figures.py` to text."""

from collections.abc import Mapping
from typing import Any

from goseventh.bench.open_load.script import Script
from goseventh.bench.wear import COMMIT_BYTES

COLUMNS = ("p50", "p75", "p99", "max")


def announce(script: Script, seconds: float, speed: float) -> str:
    """What is about to happen, before anything is sent."""
    written = script.stored * COMMIT_BYTES
    return (
        f"Sends {len(script.arrivals):,} requests in {seconds:,.0f} s (speed {speed:g}),"
        " and reads back each person it creates.\n"
        f"Stores {script.stored:,} people, {_size(script.body_bytes)} of JSON. On disk, an estimate:"
        " several times that, since each\ncommit writes whole 4 KiB pages;"
        f" up to {_size(written)} written in all if each person had a commit alone."
    )


def text(results: Mapping[str, Any]) -> str:
    """The whole report."""
    own = results["generator"]
    lines = [
        "",
        f"People     {_people(results)}",
        "",
        f"{'request':<20}{'sent':>8}{'missing':>9}{'wrong':>7}"
        + "".join(f"{name + ' ms':>11}" for name in COLUMNS),
    ]
    for kind, row in results["kinds"].items():
        figures = "".join(f"{_ms(row[name]):>11}" for name in COLUMNS)
        lines.append(f"{kind:<20}{row['sent']:>8,}{row['missing']:>9,}{row['wrong']:>7,}{figures}")
    lines.append("")
    lines += [
        f"{fault['count']:,} × {fault['kind']}: {fault['what']} (such as {fault['example']})"
        for fault in results["faults"]
    ]
    if results["faults"]:
        lines.append("")
    lines.append(
        f"Generator  {own['cpu_seconds']:.1f} CPU s in {own['wall_seconds']:.1f} s:"
        f" {own['share']:.1%} of one core, {own['busiest_share']:.1%} at its busiest;"
        f" requests left late by p99 {_ms(own['late_p99'])} ms, max {_ms(own['late_max'])} ms"
    )
    lines += [f"Warning    {warning}" for warning in own["warnings"]]
    lines.append(
        "Passed     every person stored, every answer right" if results["passed"] else failure(results)
    )
    return "\n".join(lines)


def failure(results: Mapping[str, Any]) -> str:
    """The last line of a run that did not pass."""
    if not results["complete"]:
        return "CUT OFF    this is what was answered by then"
    stored, expected = results["people"]["stored"], results["people"]["expected"]
    missing = sum(row["missing"] for row in results["kinds"].values())
    wrong = sum(row["wrong"] for row in results["kinds"].values())
    if stored is None:
        people = "people not counted"
    else:
        people = f"{abs(stored - expected):,} people too {'many' if stored > expected else 'few'}"
    return f"FAILED     {people}, {wrong:,} wrong answers, {missing:,} missing"


def _people(results: Mapping[str, Any]) -> str:
    people = results["people"]
    if people["stored"] is None:
        why = "the server could not be asked" if results["complete"] else "not all were sent"
        return f"{people['expected']:,} should be stored; {why}"
    counts = f"(count {people['before']:,} before, {people['after']:,} after)"
    return f"{people['stored']:,} stored of {people['expected']:,} that should be {counts}"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"


def _size(count: int) -> str:
    return f"{count / 2**30:,.1f} GiB" if count >= 2**30 else f"{count / 2**20:,.1f} MiB"
