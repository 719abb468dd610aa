"""A report in a real browser: drawn whole, asking nobody for anything, for every eye and hand."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Literal, get_args

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from goseventh.bench import reporting, results
from goseventh.bench.showing.page import page as written_page
from storage.strategies import table
from tests.serving import ROOT

from .sample import results as sample

pytestmark = pytest.mark.debian("chromium")

Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the sample's report is."""
    place = tmp_path_factory.mktemp("report")
    reporting.Report(place).write(sample())
    return place


@contextmanager
def opened(browser: Browser, directory: Path, scheme: Scheme, locale: str, width: int) -> Iterator[Page]:
    """The report with all of it unfolded; nothing is asked of anybody, and no error told."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, locale=locale
    )
    page = context.new_page()
    page.set_default_timeout(120_000)  # on a busy machine a browser's first page takes long
    asked: list[str] = []
    told: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.on("console", lambda one: told.append(one.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    url = (directory / reporting.PAGE).as_uri()
    page.goto(url)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    yield page
    assert (asked, told) == ([url], [])
    context.close()


@pytest.fixture(scope="module", params=[("light", "en-US", 1200), ("dark", "pt-BR", 360)], ids=str)
def page(browser: Browser, directory: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Either scheme, language and width, for tests that only look."""
    with opened(browser, directory, *request.param) as one:
        yield one


@pytest.fixture
def fresh(browser: Browser, directory: Path) -> Iterator[Page]:
    """One for a test that changes what is shown."""
    with opened(browser, directory, "light", "en-US", 1200) as one:
        yield one


def test_every_chart_is_drawn_and_told(page: Page) -> None:
    charts = page.evaluate("""[...document.querySelectorAll('figure svg')].map((svg) => {
        const { width, height } = svg.getBoundingClientRect();
        const told = svg.getAttribute('aria-labelledby').split(' ');
        return {
            width, height,
            marks: svg.querySelectorAll('[class*=role-mark] path').length,
            told: told.map((id) => document.getElementById(id).innerText.trim()),
        };
    })""")
    assert len(charts) > 20
    for chart in charts:
        assert chart["width"] > 200
        assert chart["height"] > 50
        assert chart["marks"] > 0
        assert all(chart["told"])


def test_no_label_of_a_chart_lies_on_another(page: Page) -> None:
    """Nor touches it sideways; hidden ones do not count."""
    charts: dict[str, list[tuple[str, float, float, float, float]]] = page.evaluate(
        """Object.fromEntries([...document.querySelectorAll('figure svg')].map((svg) => [
            svg.getAttribute('aria-labelledby'),
            [...svg.querySelectorAll('text')]
                .filter((one) => one.textContent && one.checkVisibility({ opacityProperty: true }))
                .map((one) => [one.textContent, one.getBoundingClientRect()])
                .map(([text, { left, right, top, bottom }]) => [text, left, right, top, bottom]),
        ]))"""
    )
    lying = [
        (chart, one[0], other[0])
        for chart, labels in charts.items()
        for one, other in combinations(labels, 2)
        if one[1] < other[2] + 1 and other[1] < one[2] + 1 and one[3] + 2 < other[4] and other[3] + 2 < one[4]
    ]
    assert lying == []


def test_the_page_is_no_wider_than_its_window(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", get_args(Scheme))
def test_it_is_accessible(browser: Browser, tmp_path: Path, scheme: Scheme) -> None:
    """Contrast in either scheme, headings, landmarks, names: by axe's rules, in a report of every part.

    Of a tenth of the figures: axe looks at each cell of each table, and one is like another.
    """
    whole = sample()
    reporting.Report(tmp_path).write(replace(whole, figures=whole.figures[::10]))
    with opened(browser, tmp_path, scheme, "en-US", 1200) as page:
        found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.response["violations"] == [], found.generate_report()


def test_marks_stand_out_from_the_ground(page: Page) -> None:
    """By 3 to 1, as WCAG 2.2 asks of graphics: axe looks at text only."""
    ground = colour(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    used = page.evaluate("""[...document.querySelectorAll('[class*=role-mark] path')].map((one) => {
        const style = getComputedStyle(one);
        return style.fill === 'none' || style.fill === 'rgba(0, 0, 0, 0)' ? style.stroke : style.fill;
    })""")
    assert len(set(used)) > 4
    assert {
        one: contrast(colour(one), ground) for one in set(used) if contrast(colour(one), ground) < 3
    } == {}


def test_the_language_is_the_browser_s_and_can_be_switched(page: Page) -> None:
    portuguese = page.evaluate("navigator.language") == "pt-BR"
    own, other = ("Português", "English") if portuguese else ("English", "Português")
    assert page.locator("html").get_attribute("lang") == ("pt-BR" if portuguese else "en")
    assert page.locator("#short").inner_text() == ("Em resumo" if portuguese else "In short")
    page.get_by_role("button", name=other).press("Enter")
    assert page.locator("html").get_attribute("lang") == ("en" if portuguese else "pt-BR")
    assert page.locator("#short").inner_text() == ("In short" if portuguese else "Em resumo")
    assert ("Benchmarks do" in page.title()) is not portuguese
    page.get_by_role("button", name=own).press("Enter")
    assert page.locator("html").get_attribute("lang") == ("pt-BR" if portuguese else "en")


def test_filters_hide_rows_marks_and_parts_by_keyboard(fresh: Page) -> None:
    rows, lines = fresh.locator("#http tbody tr[data-who='0']"), fresh.locator("#http svg .who0_line0_marks")
    assert rows.first.is_visible()
    assert lines.first.is_visible()
    box = fresh.locator("[data-filter=who][value='0']")
    box.focus()
    fresh.keyboard.press("Space")
    assert not any(one.is_visible() for one in [*rows.all(), *lines.all()])
    assert fresh.locator("#http .promises li:visible").count() == 3
    fresh.locator("[data-filter=workers][value='2']").press("Space")
    assert fresh.locator("figure[data-workers='2']:visible").count() == 0
    assert fresh.locator("figure[data-workers='1']:visible").count() > 0
    fresh.locator("[data-filter=part][value=http]").press("Space")
    assert not fresh.locator("#http").is_visible()
    fresh.get_by_role("button", name="Show all").press("Enter")
    assert lines.first.is_visible()
    assert fresh.locator("figure[data-workers='2']:visible").count() > 0


def test_all_that_can_be_used_is_reached_by_tab(fresh: Page) -> None:
    wanted = fresh.locator("button:visible, input:visible, summary:visible, a:visible").count()
    reached = set()
    for _ in range(wanted + 60):  # boxes that scroll are on the way too
        fresh.keyboard.press("Tab")
        reached.add(
            fresh.evaluate("""() => {
            const all = [...document.querySelectorAll('button, input, summary, a')];
            return all.indexOf(document.activeElement);
        }""")
        )
    assert len(reached - {-1}) >= wanted


@pytest.mark.parametrize(
    ("language", "titles", "promise"),
    [
        ("en", ("Over", "Writing", "What a crash", "The tournament"), "a `201` means"),
        ("pt", ("Por HTTP", "Só a escrita", "O que uma queda", "O torneio"), "um `201` significa"),
    ],
)
def test_whoever_is_named_in_a_section_has_their_promise_there(
    directory: Path, language: str, titles: tuple[str, ...], promise: str
) -> None:
    text = (directory / reporting.TEXTS[language]).read_text()
    sections = [section for section in text.split("\n## ")[1:] if section.startswith(titles)]
    assert len(sections) == len(titles)
    for section in sections:
        for row in table.TABLE:
            if row.name in section:
                assert f"- `{row.name}`: {promise}" in section


def test_the_json_is_the_run_s(directory: Path) -> None:
    assert results.load(directory / reporting.REPORT) == sample()


def test_a_server_of_others_is_marked_and_promises_nothing() -> None:
    ours = sample()
    figures = [replace(ours.figures[0], where={"workers": 1}, part="http")]
    text = written_page(replace(ours, target="http://127.0.0.1:1", strategies=[], figures=figures, series=[]))
    assert 'class="external"' in text
    assert "Load sent from" in text
    assert all(
        word not in text for word in ("Measured on", "packages", "a flush takes", "limits of the servers")
    )
    assert "kill -9 loses" not in text


def test_what_was_measured_is_escaped() -> None:
    assert "<b>x</b>" not in written_page(replace(sample(), warnings=["<b>x</b>"], figures=[], series=[]))


def test_the_portuguese_promises_are_the_readme_s() -> None:
    from goseventh import settings
    from goseventh.bench.results import Promise
    from goseventh.bench.showing.promises import promised

    readme = (ROOT / "README.pt-BR.md").read_text()
    rows = [
        Promise(one.name, one.created_means, one.kill_loses, one.power_cut_loses, one.choose_when)
        for one in settings.ROWS
    ]
    for row in promised(rows):
        for text in row[1:]:
            assert isinstance(text, tuple)
            assert f"| {text.pt} |" in readme


def colour(written: str) -> list[float]:
    return [int(one) for one in re.findall(r"\d+", written)[:3]]


def contrast(one: list[float], other: list[float]) -> float:
    """The ratio of WCAG 2."""

    def light(parts: list[float]) -> float:
        linear = [part / 3294.6 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)
