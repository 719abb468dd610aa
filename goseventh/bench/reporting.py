"""Writes a run's report: report.json for machines, report.md and report.html for people."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from goseventh.bench.extra import absent
from goseventh.bench.interruptible import uninterrupted
from goseventh.bench.results import NotAReport, Results, dump, load

REPORT, PAGE, PREVIOUS = "report.json", "report.html", "report.previous.json"
TEXTS = {"en": "report.md", "pt": "report.pt-BR.md"}
"""The Markdown of each language."""
_NEEDS = ("jinja2", "msgspec", "vl_convert", "scipy")


class Unwritable(Exception):
    """No report can be written there; the message is one clear line."""


class NotKept(Exception):
    """What was measured could not be written; the message is one clear line."""


class Report:
    """What a run leaves in a directory, which is there."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.kept = False
        """Whether anything of this run is there."""

    def prepare(self) -> None:
        """Makes the directory. Raises Unwritable for what would fail only at the end of a run."""
        if (why := absent(*_NEEDS)) is not None:
            raise Unwritable(why)
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.directory):
                pass
        except OSError as error:
            raise Unwritable(f"--out {self.directory}: {error.strerror}") from None
        for name in (REPORT, PREVIOUS, PAGE, *TEXTS.values()):
            if (self.directory / name).is_dir():
                raise Unwritable(f"--out {self.directory}: {name} is a directory")

    @property
    def earlier(self) -> bool:
        """Whether a complete report of another run is there, which the first of this one sets aside."""
        if self.kept:
            return False
        try:
            return load(self.directory / REPORT).complete
        except NotAReport:
            return False

    def keep(self, results: Results) -> None:
        """Writes report.json in place of the last one, whole or not at all, however this process ends.

        Whatever was drawn of other results goes; a complete report of another run stays beside it. Without
        figures nothing is written at all: what is there is worth more. Raises NotKept.
        """
        if not results.figures:
            return
        unfinished = self.directory / f".{REPORT}"
        with self._writing(), uninterrupted():
            with unfinished.open("wb") as written:
                written.write(dump(results))
                written.flush()
                os.fsync(written.fileno())
            if self.earlier:
                os.replace(self.directory / REPORT, self.directory / PREVIOUS)
            unfinished.replace(self.directory / REPORT)
            self.kept = True
            for name in (*TEXTS.values(), PAGE):
                (self.directory / name).unlink(missing_ok=True)

    def write(self, results: Results) -> None:
        """Writes all of it, if there is any; first what needs no drawing. Raises NotKept."""
        self.keep(results)
        if not results.figures:
            return

        from goseventh.bench.showing.markdown import markdown
        from goseventh.bench.showing.page import page

        drawn = {name: markdown(results, language) for language, name in TEXTS.items()}
        drawn[PAGE] = page(results)
        with self._writing():
            for name, text in drawn.items():
                (self.directory / name).write_text(text, encoding="utf-8")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            with suppress(OSError):
                (self.directory / f".{REPORT}").unlink(missing_ok=True)
            raise NotKept(f"--out {self.directory}: {error.strerror}") from None
