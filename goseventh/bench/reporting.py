"""Writes a run's report: report.json for machines, report.md and report.html for people."""

from pathlib import Path

from goseventh.bench.results import Results, dump

REPORT, TEXT, PAGE = "report.json", "report.md", "report.html"


def write(results: Results, directory: Path) -> None:
    """Writes the three files; `directory` is there.

    The JSON comes first: what was measured is kept even where the rest can't be drawn.
    """
    (directory / REPORT).write_bytes(dump(results))

    from goseventh.bench.showing.markdown import markdown
    from goseventh.bench.showing.page import page

    (directory / TEXT).write_text(markdown(results), encoding="utf-8")
    (directory / PAGE).write_text(page(results), encoding="utf-8")
