"""`/ui`: a page to look at. It holds no data, and asks `/stats` for them, which has its guard.

A browser sends no bearer token by itself, so the page asks for it and keeps it as long as its tab is open.
"""

from importlib.resources import files

from sanic import Request

from goseventh import endpoints
from goseventh.answers import Answer
from goseventh.endpoints import App
from goseventh.files import page, read
from goseventh.problems import Problem


def add(app: App) -> None:
    """Adds the page and its files to `app`."""
    place = files(__name__)
    shown = read(place, "style.css", "icon.svg", "words.js", "figures.js", "page.js")
    shell = page(place.joinpath("page.html").read_bytes(), shown, "ui")

    async def ui(request: Request) -> Answer:
        return shell

    async def ui_file(request: Request, key: str) -> Answer:
        if key not in shown:
            raise Problem(404, "There is no such file.")
        return shown[key].answer(request.query_string)

    endpoints.UI.add(app, ui)
    endpoints.UI_FILE.add(app, ui_file)
