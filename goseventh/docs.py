"""`/openapi.json`, the API's document, and `/docs`, which shows it: Swagger UI, served from here alone."""

from typing import Final

import orjson
from sanic import Request
from swagger_ui_bundle import swagger_ui_path

from goseventh import endpoints
from goseventh.answers import JSON, Answer
from goseventh.endpoints import App
from goseventh.files import File, page, read
from goseventh.problems import Problem

_PAGE: Final = b"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GoSeventh: the API</title>
<link rel="icon" href="{{favicon-32x32.png}}">
<link rel="stylesheet" href="{{swagger-ui.css}}">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{{swagger-ui-bundle.js}}"></script>
<script src="{{start.js}}"></script>
</body>
</html>
"""
_START: Final = b"""// No validator: it would ask a server elsewhere.
SwaggerUIBundle({ url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null });
"""


def add(app: App, document: dict[str, object]) -> None:
    """Adds both to `app`; they hold no secrets, so that everybody may see them."""
    shown = read(swagger_ui_path, "favicon-32x32.png", "swagger-ui.css", "swagger-ui-bundle.js")
    shown["start.js"] = File("start.js", _START)
    written = orjson.dumps(document, option=orjson.OPT_INDENT_2)

    async def openapi(request: Request) -> Answer:
        return Answer(200, written, JSON)

    shell = page(_PAGE, shown, "docs")

    async def docs(request: Request) -> Answer:
        return shell

    async def docs_file(request: Request, key: str) -> Answer:
        if key not in shown:
            raise Problem(404, "There is no such file.")
        return shown[key].answer(request.query_string)

    endpoints.OPENAPI.add(app, openapi)
    endpoints.DOCS.add(app, docs)
    endpoints.DOCS_FILE.add(app, docs_file)
