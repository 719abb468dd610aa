"""Writes what a run measured into a directory, for people and programs to read."""

from pathlib import Path

from goseventh.bench.results import Results, dump

REPORT = "report.json"


def write(results: Results, directory: Path) -> None:
    """Writes the report's files; `directory` is there."""
    (directory / REPORT).write_bytes(dump(results))
