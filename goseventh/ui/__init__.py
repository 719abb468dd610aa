"""`/ui`: a page to look at. It holds no data, and asks `/stats` for them, which has its guard.

A browser sends no bearer token by itself, so the page asks for it and keeps it as long as its tab is open.
"""

from importlib.resources import files

from sanic import Request

from goseventh import endpoints
from goseventh.answers import Answer
from goseventh.endpoints import App
from goseventh.files import Pages

_FILES = ("style.css", "icon.svg", "words.js", "figures.js", "page.js")


def add(app: App) -> None:
    """Adds the page and its files to `app`."""
    place = files(__name__)
    pages = Pages(place.joinpath("page.html"), [place.joinpath(name) for name in _FILES], "ui")

    async def ui(request: Request) -> Answer:
        return pages.page()

    async def ui_file(request: Request, key: str) -> Answer:
        return pages.file(key, request.query_string)

    endpoints.UI.add(app, ui)
    endpoints.UI_FILE.add(app, ui_file)
