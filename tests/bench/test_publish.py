"""The published run and what the READMEs show of it are one."""

import struct
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from goseventh.bench.reporting import REPORT, Report
from goseventh.bench.results import load
from storage.strategies import table
from tests.bench.publish import BEGIN, END, PICTURE, READMES, draw, inserted, shown
from tests.serving import ROOT

from .sample import results as sample

PUBLISHED = ROOT / "benchmarks"


@pytest.mark.parametrize("language", READMES)
def test_a_readme_shows_what_is_published_and_nothing_else(language: str) -> None:
    text = READMES[language].read_text()
    if (PUBLISHED / REPORT).exists():
        assert inserted(text, shown(load(PUBLISHED / REPORT), language, PUBLISHED.name)) == text
        assert (PUBLISHED / PICTURE).exists()
    else:
        assert "|" not in text.split(BEGIN)[1].split(END)[0]


def test_it_shows_the_words_the_table_and_where_the_rest_is() -> None:
    text = shown(sample(), "pt", "benchmarks")
    assert "- Das estratégias que prometem não perder ninguém, group-commit foi a mais rápida" in text
    assert all(f"| `{row.name}` |" in text for row in table.TABLE)
    assert "(benchmarks/report.pt-BR.md)" in text
    once = inserted(f"above\n{BEGIN}\nold\n{END}\nbelow", text)
    assert "old" not in once
    assert inserted(once, text) == once
    with pytest.raises(AssertionError):
        inserted("no marks", text)


@pytest.mark.debian("chromium")
def test_the_picture_is_the_summary(browser: Browser, tmp_path: Path) -> None:
    Report(tmp_path).write(sample())
    draw(browser, tmp_path)
    drawn = (tmp_path / PICTURE).read_bytes()
    width, height = struct.unpack(">II", drawn[16:24])
    assert 800 < width <= 1000
    assert height > 400
