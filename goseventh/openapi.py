"""The API's document, OpenAPI 3.1, put together from what the code says of endpoints, people and limits."""

from typing import Final

from goseventh import __version__, endpoints, person
from goseventh.answers import PHRASES
from goseventh.endpoints import Endpoint
from goseventh.limits import Limits
from goseventh.operators import Guard
from goseventh.routes import SEARCH_LIMIT
from storage.records import UUID

_Schema = dict[str, object]
_REPEATABLE: Final = (
    "A retry is always safe: nicknames are unique, and a 422 names who has one in `existing`."
)
_RETRY: Final[_Schema] = {
    "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds.", "required": True}
}


def document(limits: Limits, guard: Guard) -> _Schema:
    """What this server answers; operators' pages only if there are any."""
    paths = _paths_of_people(limits) + _paths_of_health()
    if guard.lets_somebody_in:
        paths += _paths_of_operators(guard)
    found: dict[str, dict[str, object]] = {}
    for endpoint, operation in paths:
        found.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    components: dict[str, object] = {"schemas": _schemas(limits), "responses": _responses()}
    if guard.asks:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "GoSeventh",
            "version": __version__,
            "summary": "A registry of people. A 201 keeps what the write strategy promises.",
            "description": "HEAD works wherever GET does. A request that is broken as HTTP gets 400, 408, "
            "413, 414, 417, 431 or 505; an unknown method 405. Every answer of 400 and above is a problem "
            "(RFC 9457).",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": "people"}, {"name": "health"}, {"name": "operators"}],
        "paths": found,
        "components": components,
    }


def _paths_of_people(limits: Limits) -> list[tuple[Endpoint, _Schema]]:
    people = {"type": "array", "maxItems": SEARCH_LIMIT, "items": _ref("Person")}
    return [
        (
            endpoints.CREATE,
            _operation(
                "Create a person",
                "people",
                f"Unknown fields are ignored. {_REPEATABLE}",
                {"201": _content("The person.", _ref("Person"), headers=_LOCATION)},
                [400, 413, 422, 503, 507],
                body={
                    "required": True,
                    "content": {"application/json": {"schema": _ref("NewPerson"), "example": _EXAMPLE}},
                },
            ),
        ),
        (
            endpoints.SEARCH,
            _operation(
                "Search people",
                "people",
                f"At most {SEARCH_LIMIT} people of whom a nickname, a name or an element of the stack "
                "contains the term, whatever its case, the oldest first; with `fuzzy=1` those who resemble "
                "it, the most similar first, and then `after` must not be given.",
                {"200": _content("The people found.", people)},
                [400, 404, 503],
                parameters=[
                    _query("t", "The term.", _text(limits.term), required=True),
                    _query("after", "The id of the person to go on after; 404 if nobody has it.", _ID),
                    _query("fuzzy", "Whether to forgive errors.", {"type": "string", "enum": ["0", "1"]}),
                ],
            ),
        ),
        (
            endpoints.GET,
            _operation(
                "Get a person",
                "people",
                "What is no id is nobody's: 404.",
                {"200": _content("The person.", _ref("Person"))},
                [404, 503],
                parameters=[
                    {
                        "name": "key",
                        "in": "path",
                        "required": True,
                        "description": "The id.",
                        # Any text may stand here, and is answered.
                        "schema": {"type": "string", "minLength": 1},
                        "example": _EXAMPLE_ID,
                    }
                ],
            ),
        ),
        (
            endpoints.COUNT,
            _operation(
                "Count people",
                "people",
                "Exactly, never an eventually consistent number.",
                {"200": _content("How many.", {"type": "string", "pattern": "^[0-9]+$"}, "text/plain")},
                [503],
            ),
        ),
    ]


def _paths_of_health() -> list[tuple[Endpoint, _Schema]]:
    def status(word: str) -> _Schema:
        return {"type": "object", "required": ["status"], "properties": {"status": {"const": word}}}

    return [
        (
            endpoints.HEALTH,
            _operation(
                "Whether the process answers", "health", "", {"200": _content("It does.", status("ok"))}, []
            ),
        ),
        (
            endpoints.READY,
            _operation(
                "Whether people can be created",
                "health",
                "503 says why not: starting, stopping, full, or the disk failed.",
                {"200": _content("They can.", status("ready"))},
                [503],
            ),
        ),
    ]


def _paths_of_operators(guard: Guard) -> list[tuple[Endpoint, _Schema]]:
    refusals = [401, 503] if guard.asks else [503]
    security: _Schema = {"security": [{"token": []}]} if guard.asks else {}
    figures: _Schema = {
        "type": "object",
        "required": [
            "version",
            "strategy",
            "promise",
            "people",
            "uptime_seconds",
            "workers",
            "store",
            "requests",
        ],
        "properties": {"people": {"type": "integer"}, "workers": {"type": "integer"}},
    }
    return [
        (
            endpoints.STATS,
            _operation(
                "What runs, and how it fares",
                "operators",
                "",
                {"200": _content("Figures of all workers.", figures)},
                refusals,
            )
            | security,
        ),
        (
            endpoints.METRICS,
            _operation(
                "The same for Prometheus",
                "operators",
                "",
                {"200": _content("Metrics of all workers.", {"type": "string"}, "text/plain")},
                refusals,
            )
            | security,
        ),
    ]


_ID: Final[_Schema] = {"type": "string", "pattern": f"^{UUID}$", "minLength": 36, "maxLength": 36}
_EXAMPLE_ID: Final = "01a20a2a-1ec9-79df-921d-519821812fe2"
_EXAMPLE: Final = {
    person.NICKNAME: "ana",
    person.NAME: "Ana Barbosa",
    person.BORN: "1985-09-23",
    person.STACK: ["C#", "Node"],
}
_LOCATION: Final[_Schema] = {
    "Location": {
        "required": True,
        "description": "The person's path.",
        "schema": {"type": "string", "pattern": f"^/pessoas/{UUID}$"},
    }
}


def _text(longest: int) -> _Schema:
    return {"type": "string", "minLength": 1, "maxLength": longest}


def _schemas(limits: Limits) -> _Schema:
    fields: dict[str, object] = {
        person.NICKNAME: _text(person.NICKNAME_LIMIT) | {"description": "Unique."},
        person.NAME: _text(person.NAME_LIMIT),
        person.BORN: {
            "type": "string",
            "format": "date",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
            "description": "A day of the calendar, from year 0001.",
        },
        person.STACK: {"type": ["array", "null"], "items": _text(person.STACK_ITEM_LIMIT)},
    }
    return {
        "NewPerson": {
            "type": "object",
            "description": f"Lengths are Unicode code points; all of it at most {limits.body} bytes.",
            "required": [person.NICKNAME, person.NAME, person.BORN],
            "properties": fields,
        },
        "Person": {
            "type": "object",
            "required": ["id", *fields],
            "properties": {"id": _ID} | fields,
            "additionalProperties": False,
            "example": {"id": _EXAMPLE_ID} | _EXAMPLE,
        },
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "field": {"type": "string", "description": "The one at fault."},
                "existing": {"type": "string", "description": "The path of who has the nickname."},
            },
        },
    }


_MEANINGS: Final = {
    400: "What came is no JSON object of the right types, or no such search.",
    401: "The operators' token is missing or wrong.",
    404: "There is nobody, or nothing, here.",
    413: "The body is larger than the limit.",
    422: "No person is like that, or the nickname is taken.",
    503: "Not now, but soon.",
    507: "The store is full, or the disk; reads go on.",
}


def _responses() -> _Schema:
    return {
        f"Problem{status}": _content(
            f"{PHRASES[status]}. {meaning}",
            _ref("Problem"),
            "application/problem+json",
            _RETRY if status == 503 else None,
        )
        for status, meaning in _MEANINGS.items()
    }


def _operation(
    summary: str,
    tag: str,
    description: str,
    answers: _Schema,
    problems: list[int],
    *,
    parameters: list[_Schema] | None = None,
    body: _Schema | None = None,
) -> _Schema:
    refusals = {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in problems}
    found: _Schema = {"summary": summary, "tags": [tag], "responses": answers | refusals}
    if description:
        found["description"] = description
    if parameters is not None:
        found["parameters"] = parameters
    if body is not None:
        found["requestBody"] = body
    return found


def _query(name: str, description: str, schema: _Schema, *, required: bool = False) -> _Schema:
    return {"name": name, "in": "query", "required": required, "description": description, "schema": schema}


def _content(
    description: str, schema: _Schema, kind: str = "application/json", headers: _Schema | None = None
) -> _Schema:
    found: _Schema = {"description": description, "content": {kind: {"schema": schema}}}
    return found if headers is None else found | {"headers": headers}


def _ref(name: str) -> _Schema:
    return {"$ref": f"#/components/schemas/{name}"}
