"""What the READMEs say is what the code says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from goseventh import settings
from storage.strategies import table
from tests.serving import ROOT

ENGLISH = (ROOT / "README.md").read_text()
PORTUGUESE = (ROOT / "README.pt-BR.md").read_text()


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    section = text.split(heading, 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_english_table_of_strategies_is_the_code_s() -> None:
    default = f"`{table.DEFAULT.name}` (the default)"
    assert rows(ENGLISH, "## Write strategies") == [
        [
            default if row.name == table.DEFAULT.name else f"`{row.name}`",
            row.created_means,
            row.kill_loses,
            row.power_cut_loses,
            row.choose_when,
        ]
        for row in settings.ROWS
    ]
    assert table.ADVICE.replace(table.DEFAULT.name, f"`{table.DEFAULT.name}`") in ENGLISH.lower()


def test_the_portuguese_table_has_the_same_strategies() -> None:
    names = [
        re.sub(r"[` ].*", "", cells[0].strip("`")) for cells in rows(PORTUGUESE, "## Estratégias de escrita")
    ]
    assert names == [row.name for row in settings.ROWS]
    assert all(all(cells) and len(cells) == 5 for cells in rows(PORTUGUESE, "## Estratégias de escrita"))


@pytest.mark.parametrize(
    ("text", "heading"),
    [(ENGLISH, "## Settings"), (PORTUGUESE, "## Configuração")],
    ids=["English", "Portuguese"],
)
def test_the_tables_of_settings_are_the_code_s(text: str, heading: str) -> None:
    found = {cells[0].strip("`"): cells for cells in rows(text, heading)}
    assert list(found) == [f"--{row.name}" for row in settings.SERVE]
    for row in settings.SERVE:
        cells = found[f"--{row.name}"]
        assert cells[1] == f"`{row.variable}`"
        if row.name not in ("workers", "max-connections"):  # their defaults depend on the machine
            assert cells[2] == f"`{row.default}`"
        if text is ENGLISH and row.name not in ("workers", "strategy"):
            assert cells[3] == row.help


def test_the_library_s_example_does_what_it_says(tmp_path: Path) -> None:
    code = re.search(r"```python\n(.*?)```", ENGLISH, re.DOTALL)
    assert code is not None
    ran = subprocess.run(
        [sys.executable, "-c", code[1]],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.fullmatch(
        r"\[\('my token', Created\(id=b.*, document=b'\{\"id\":\"[0-9a-f-]{36}\",\"name\":\"Ana\"\}'\)\)\]\n",
        ran.stdout,
    )


def test_both_readmes_show_the_same_session() -> None:
    session = re.compile(r"^curl .*", re.MULTILINE)
    assert [line.split("   ")[0] for line in session.findall(ENGLISH)] == [
        line.split("   ")[0] for line in session.findall(PORTUGUESE)
    ]
