"""`/openapi.json`, the API's document, and `/docs`, which shows it: Swagger UI, served from here alone."""

from importlib.resources import files

import orjson
from sanic import Request
from swagger_ui_bundle import swagger_ui_path

from goseventh import endpoints
from goseventh.answers import JSON, Answer
from goseventh.endpoints import App
from goseventh.files import Pages

_BUNDLED = ("favicon-32x32.png", "swagger-ui.css", "swagger-ui-bundle.js")


def add(app: App, document: dict[str, object]) -> None:
    """Adds both to `app`; they hold no secrets, so that everybody may see them."""
    place = files(__name__)
    bundled = [swagger_ui_path.joinpath(name) for name in _BUNDLED]
    pages = Pages(place.joinpath("page.html"), [*bundled, place.joinpath("start.js")], "docs")
    written = orjson.dumps(document, option=orjson.OPT_INDENT_2)

    async def openapi(request: Request) -> Answer:
        return Answer(200, written, JSON)

    async def docs(request: Request) -> Answer:
        return pages.page()

    async def docs_file(request: Request, key: str) -> Answer:
        return pages.file(key, request.query_string)

    endpoints.OPENAPI.add(app, openapi)
    endpoints.DOCS.add(app, docs)
    endpoints.DOCS_FILE.add(app, docs_file)
