"""The endpoints, each a few lines: from a request to the store and back."""

from typing import NamedTuple
from urllib.parse import parse_qsl

from sanic import Request

from goseventh import endpoints, person
from goseventh.answers import JSON, TEXT, Answer
from goseventh.endpoints import App
from goseventh.limits import Limits
from goseventh.problems import Problem, unavailable
from goseventh.store import Store
from goseventh.watch import Watch
from index import text
from storage import records
from storage.errors import Unknown
from storage.people import Taken

SEARCH_LIMIT = 50
_NAMES = ("t", "after", "fuzzy")
_NOBODY = "There is no such person."


def add(app: App, store: Store, limits: Limits, watch: Watch) -> None:
    """Adds every endpoint over `store` to `app`."""

    async def create(request: Request) -> Answer:
        outcome = await store.create(person.prepare(request.body, limits.depth))
        location = f"/pessoas/{records.format_id(outcome.id)}"
        if isinstance(outcome, Taken):
            raise Problem(422, "This apelido is taken.", person.NICKNAME, more={"existing": location})
        return Answer(201, outcome.document, JSON, b"Location: %b\r\n" % location.encode())

    async def get(request: Request, key: str) -> Answer:
        found = records.parse_id(key)
        document = None if found is None else await store.get(found)
        if document is None:
            raise Problem(404, _NOBODY)
        return Answer(200, document, JSON)

    async def search(request: Request) -> Answer:
        asked = _asked(request.query_string, limits.term)
        try:
            if asked.fuzzy:
                found = await store.resembling(asked.term, SEARCH_LIMIT)
            else:
                found = await store.search(text.needle(asked.term), SEARCH_LIMIT, asked.after)
        except Unknown:
            raise Problem(404, _NOBODY, "after") from None
        return Answer(200, b"[%b]" % b",".join(found), JSON)

    async def count(request: Request) -> Answer:
        return Answer(200, b"%d" % await store.count(), TEXT)

    async def health(request: Request) -> Answer:
        return Answer(200, b'{"status":"ok"}', JSON)

    async def ready(request: Request) -> Answer:
        if (reason := watch.trouble() or await store.trouble()) is not None:
            raise unavailable(f"Not ready: {reason}.")
        return Answer(200, b'{"status":"ready"}', JSON)

    endpoints.CREATE.add(app, create)
    endpoints.SEARCH.add(app, search)
    endpoints.GET.add(app, get)
    endpoints.COUNT.add(app, count)
    endpoints.HEALTH.add(app, health)
    endpoints.READY.add(app, ready)


class _Asked(NamedTuple):
    """What a search is for."""

    term: str
    after: bytes | None
    """The id of the person to go on after."""
    fuzzy: bool
    """Whether who only resembles the term is wanted as well."""


def _asked(query: str, longest: int) -> _Asked:
    """What the query string of a search asks for; of a repeated name the first counts.

    Raises Problem for no term, a too long one, no id, no choice, and what is not UTF-8.
    """
    pairs = []
    for part in query.split("&"):
        try:
            pairs += parse_qsl(part, keep_blank_values=True, errors="strict")
        except UnicodeDecodeError:
            name = part.partition("=")[0]
            raise Problem(400, "The query is not UTF-8.", name if name in _NAMES else None) from None
    given = dict(reversed(pairs))
    term, after, fuzzy = given.get("t"), given.get("after"), given.get("fuzzy", "0")
    if not term:
        raise Problem(400, "A search needs a term: /pessoas?t=…", "t")
    if len(term) > longest:
        raise Problem(400, f"A term must not be longer than {longest} characters.", "t")
    if fuzzy not in ("0", "1"):
        raise Problem(400, "A search forgives errors, or not: &fuzzy=1, &fuzzy=0.", "fuzzy")
    key = None if after is None else records.parse_id(after)
    if key is None and after is not None:
        raise Problem(400, "A search goes on after the id of a person: &after=…", "after")
    if key is not None and fuzzy == "1":
        raise Problem(400, "A search that forgives errors has no order to go on in.", "after")
    return _Asked(term, key, fuzzy == "1")
