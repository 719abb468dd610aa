"""`python -m tests.bench.publish DIR`: shows the run that is kept in a directory in both READMEs.

Draws DIR/summary.png from its report, by Debian's Chromium, and writes the main table between two marks of
each README. `make publish` measures first.
"""

import re
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from goseventh.bench.bilingual import Text
from goseventh.bench.reporting import PAGE, REPORT, TEXTS
from goseventh.bench.results import Results, load
from goseventh.bench.showing.markdown import markdown
from tests.serving import ROOT

READMES = {"en": ROOT / "README.md", "pt": ROOT / "README.pt-BR.md"}
PICTURE = "summary.png"
BEGIN, END = "<!-- published run -->", "<!-- end of the published run -->"
WIDTH = 1000
_ALT = Text("The report's summary, as a picture", "O resumo do relatório, em imagem")
_FROM = Text(
    "`{command}`, version {version}, commit `{commit}`, {day}, on {cpus} × {cpu}: [the report]({text}),"
    " the same as [a"
    " page]({page}) to download and as [JSON]({json}).",
    "`{command}`, versão {version}, commit `{commit}`, {day}, em {cpus} × {cpu}: [o relatório]({text}),"
    " o mesmo como"
    " [página]({page}) para baixar e como [JSON]({json}).",
)


def shown(results: Results, language: str, directory: str) -> str:
    """What a README says of the run: its words in short, the table of strategies, picture and links."""
    short = markdown(results, language).split("\n## ")[1].split("\n", 1)[1]
    lines = [line for line in short.splitlines() if line.startswith(("- ", "| ")) or not line]
    filled = _FROM.fill(
        command=results.command,
        version=results.version,
        commit=results.commit or "?",
        day=results.started[:10],
        cpus=str(results.machine.cpus),
        cpu=results.machine.cpu,
        text=f"{directory}/{TEXTS[language]}",
        page=f"{directory}/{PAGE}",
        json=f"{directory}/{REPORT}",
    )
    picture = f"![{getattr(_ALT, language)}]({directory}/{PICTURE})"
    return "\n\n".join([getattr(filled, language), picture, "\n".join(lines).strip()])


def inserted(readme: str, text: str) -> str:
    """The README with the text between its marks."""
    found = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    written, count = found.subn(lambda _: f"{BEGIN}\n\n{text}\n\n{END}", readme)
    assert count == 1, "a README has each mark once"
    return written


def draw(browser: Browser, directory: Path) -> None:
    """The report's summary as a picture beside it."""
    context = browser.new_context(
        viewport={"width": WIDTH, "height": 800}, color_scheme="light", locale="en-US"
    )
    page = context.new_page()
    page.goto((directory / PAGE).absolute().as_uri())
    page.locator("section[aria-labelledby=short]").screenshot(path=directory / PICTURE)
    context.close()


def main() -> None:
    directory = Path(sys.argv[1])
    results = load(directory / REPORT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        draw(browser, directory)
        browser.close()
    for language, readme in READMES.items():
        readme.write_text(inserted(readme.read_text(), shown(results, language, directory.as_posix())))


if __name__ == "__main__":
    main()
