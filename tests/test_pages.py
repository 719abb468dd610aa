"""The pages for people, /docs and /ui, in a real browser."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from goseventh.ui import __file__ as ui
from tests.serving import Server

TOKEN = "a-token.of_the~operators+0/=="
PHONE = {"width": 360, "height": 740}
pytestmark = pytest.mark.debian("chromium")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("pages") / "data", "--ui", "on") as running:
        running.create(apelido="zé", nome="José Barbosa", stack=["C#", "Node"])
        yield running


@contextmanager
def shown(browser: Browser, server: Server, path: str, **options: Any) -> Iterator[Page]:
    """A page that must ask nobody else, meet no error and break no policy."""
    context = browser.new_context(**({"locale": "en-GB"} | options))
    page = context.new_page()
    faults: list[str] = []
    home = f"http://127.0.0.1:{server.port}/"
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request", lambda asked: None if asked.url.startswith((home, "data:")) else faults.append(asked.url)
    )
    # A refusal that the page shows is logged by the browser too.
    page.on(
        "console",
        lambda said: (
            faults.append(said.text)
            if said.type in ("error", "warning") and "status of 4" not in said.text
            else None
        ),
    )
    page.goto(home + path)
    yield page
    context.close()
    assert faults == []


def test_docs_show_every_operation_offline(browser: Browser, server: Server) -> None:
    paths = server.request("GET", "/openapi.json").json["paths"]
    with shown(browser, server, "docs") as page:
        expect(page.locator(".opblock")).to_have_count(sum(map(len, paths.values())))
        page.get_by_role("button", name="GET /contagem-pessoas").first.click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()
        expect(page.locator(".live-responses-table tbody .response-col_status")).to_contain_text("200")


def test_figures_are_live(browser: Browser, server: Server) -> None:
    with shown(browser, server, "ui") as page:
        expect(page.locator("#state")).to_have_text("Live")
        expect(page.locator("#people")).to_have_text(str(server.count()))
        expect(page.locator("#strategy")).to_have_text("group-commit")
        expect(page.locator("#promise")).to_contain_text("on disk")
        expect(page.locator("#entrance")).to_be_hidden()
        server.create(apelido="live")
        expect(page.locator("#people")).to_have_text(str(server.count()))
        expect(page.locator("#endpoints")).to_contain_text("POST /pessoas")
        server.request("GET", "/pessoas?t=live")
        expect(page.locator("#median")).to_contain_text("ms")


def test_everything_is_done_with_the_keyboard_alone(browser: Browser, server: Server) -> None:
    with shown(browser, server, "ui") as page:
        keys = page.keyboard

        def tab_to(selector: str) -> None:
            for _ in range(12):
                if page.locator(f"{selector}:focus-visible").count():
                    return
                keys.press("Tab")
            pytest.fail(f"{selector} is not reached")

        tab_to("#term")
        keys.type("barbosa")
        keys.press("Enter")
        expect(page.locator("#results li")).to_have_count(1)
        expect(page.locator("#found")).to_have_text("1 person")
        tab_to("[name=kind]")
        keys.press("ArrowRight")
        expect(page.locator("[name=kind][value='1']")).to_be_checked()
        keys.press("Enter")
        expect(page.locator("#results")).to_contain_text("José Barbosa")
        tab_to("#apelido")
        for text in ("by keys", "Ana <b>Keys</b>", "2000-13-01", "Go, ,Rust"):
            keys.type(text)
            keys.press("Tab")
        keys.press("Enter")
        expect(page.locator("#created")).to_contain_text("nascimento")
        expect(page.locator("#nascimento")).to_be_focused()
        expect(page.locator("#nascimento")).to_have_attribute("aria-invalid", "true")
        keys.press("Control+a")
        keys.type("2000-12-01")
        keys.press("Enter")
        expect(page.locator("#created")).to_contain_text("Created")
        [person] = server.request("GET", "/pessoas?t=by+keys").json
        assert (person["nome"], person["stack"]) == ("Ana <b>Keys</b>", ["Go", "Rust"])
        page.locator("#term").fill("keys<")
        page.locator("#term").press("Enter")
        page.locator("#term").fill("<b>keys")
        page.locator("#term").press("Enter")
        expect(page.locator("#results li")).to_contain_text("Ana <b>Keys</b>")  # as text


def test_portuguese_is_spoken_whole(browser: Browser, server: Server) -> None:
    with shown(browser, server, "ui", locale="pt-BR") as page:
        expect(page.locator("html")).to_have_attribute("lang", "pt-BR")
        expect(page.locator("#state")).to_have_text("Ao vivo")
        expect(page.locator("#promise")).to_contain_text("em disco")
        page.locator("#apelido").fill("zé")
        page.locator("#nome").fill("José")
        page.locator("#nascimento").fill("1990-01-01")
        page.locator("#create button").click()
        expect(page.locator("#created")).to_contain_text("Este apelido já existe")
        page.locator("#language").press("Enter")
        expect(page.locator("#state")).to_have_text("Live")
        page.reload()
        expect(page.locator("#language")).to_have_text("Português")  # the choice is kept


def test_every_word_has_its_portuguese() -> None:
    place = Path(ui).parent
    used = set(re.findall(r'data-word="(\w+)"', (place / "page.html").read_text()))
    used |= set(re.findall(r'word\("(\w+)"', (place / "page.js").read_text()))
    portuguese = (place / "words.js").read_text().split("const ENGLISH")[0]
    assert used <= set(re.findall(r"(\w+): \"", portuguese))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
def test_it_fits_and_breaks_no_rule_of_accessibility(
    browser: Browser, server: Server, scheme: str, viewport: dict[str, int] | None
) -> None:
    options = {"color_scheme": scheme} | ({"viewport": viewport, "is_mobile": True} if viewport else {})
    with shown(browser, server, "ui", bypass_csp=True, **options) as page:  # axe is put into the page
        expect(page.locator("#figures")).to_be_visible()
        page.locator("#term").fill("barbosa")
        page.locator("#term").press("Enter")
        expect(page.locator("#results li")).to_have_count(1)
        wide, room = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert wide <= room
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_with_a_token_figures_are_shown_to_who_has_it(browser: Browser, tmp_path: Path) -> None:
    with (
        Server(tmp_path / "data", "--ui", "on", GOSEVENTH_ADMIN_TOKEN=TOKEN) as guarded,
        shown(browser, guarded, "ui") as page,
    ):
        expect(page.locator("#entrance")).to_be_visible()
        expect(page.locator("#figures")).to_be_hidden()
        page.locator("#token").fill("not-the-token")
        page.locator("#token").press("Enter")
        expect(page.locator("#token-wrong")).to_have_text("This is not the token.")
        page.locator("#token").fill(TOKEN)
        page.locator("#token").press("Enter")
        expect(page.locator("#people")).to_have_text("0")
        expect(page.locator("#entrance")).to_be_hidden()
        page.reload()
        expect(page.locator("#people")).to_have_text("0")
        assert TOKEN not in page.url + page.content()


def test_a_server_that_is_gone_is_said_to_be(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    with Server(tmp_path / "data", "--ui", "on") as mortal:
        page.goto(f"http://127.0.0.1:{mortal.port}/ui")
        expect(page.locator("#state")).to_have_text("Live")
    expect(page.locator("#state")).to_have_text("No answer from the server")
    context.close()


def test_there_is_no_page_unless_it_is_enabled_and_somebody_may_see_it(
    shared_server: Server, tmp_path: Path
) -> None:
    assert shared_server.request("GET", "/ui").status == 404
    with Server(tmp_path / "data", "--ui", "on", "--host", "0.0.0.0") as elsewhere:
        assert elsewhere.request("GET", "/ui").status == 404
        assert elsewhere.request("GET", "/docs").status == 200


@pytest.mark.parametrize("page", ["/ui", "/docs"])
def test_what_a_page_is_made_of_may_be_kept(server: Server, page: str) -> None:
    shell = server.request("GET", page)
    assert shell.headers["Cache-Control"] == "no-cache"
    assert "unsafe" not in shell.headers["Content-Security-Policy"]
    files = re.findall(r'(?:src|href)="((?:ui|docs)/[^"]+)"', shell.body.decode())
    assert len(files) >= 4
    for file in files:
        reply = server.request("GET", f"/{file}")
        assert reply.status == 200
        assert "immutable" in reply.headers["Cache-Control"]
        assert "immutable" not in server.request("GET", f"/{file}0").headers["Cache-Control"]
    assert server.request("GET", f"{page}/nothing.js").status == 404
    assert server.request("GET", f"{page}/..%2fpage.html").status == 404
