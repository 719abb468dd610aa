"""What a valid person is, and its wire form. The one home of the Portuguese field names."""

import re
from datetime import date
from typing import Any

import orjson

from goseventh.limits import DEFAULTS
from goseventh.problems import Problem
from index import text
from storage import records
from storage.records import UUID_LENGTH, Record

NICKNAME, NAME, BORN, STACK = "apelido", "nome", "nascimento", "stack"
_WIRE = ["id", NICKNAME, NAME, BORN, STACK]
NICKNAME_LIMIT = 32
NAME_LIMIT = 100
STACK_ITEM_LIMIT = 32
"""Limits in Unicode code points."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TEXTS = frozenset({str})
_BEFORE_ID = b'{"id":"'
_AFTER_ID = b'",'
MOST_ADDED = len(_BEFORE_ID) + UUID_LENGTH + len(_AFTER_ID) + len(',"stack":null')
"""So many bytes a document is at most longer than the body that it was made of."""


def prepare(body: bytes, depth: int = DEFAULTS.depth) -> Record:
    """The record of the person that a request's body asks for; raises Problem (400 or 422) if it is none.

    Arrays and objects may lie `depth` deep in one another. Of several faults a 400 wins over a 422.
    """
    return _prepare(_parse(body), body, depth)


def prepare_kept(body: bytes) -> tuple[Record, bytes | None]:
    """The same of a person who may bring an id to be kept; that, or None if none is given.

    Raises Problem (422) for what is no id.
    """
    wanted = _parse(body)
    record = _prepare(wanted, body, DEFAULTS.depth)
    written = wanted.get("id")
    if written is None:
        return record, None
    key = records.parse_id(written) if type(written) is str else None
    if key is None:
        raise Problem(422, "id must be a UUID in its 8-4-4-4-12 form.", "id")
    return record, key


def _prepare(wanted: Any, body: bytes, depth: int) -> Record:
    # Nearly every body has too few brackets to be deep.
    if body.count(b"[") + body.count(b"{") > depth and _is_deeper(wanted, depth):
        raise Problem(400, f"The body's arrays and objects must not lie more than {depth} deep.")
    nickname, name, born, stack = wanted.get(NICKNAME), wanted.get(NAME), wanted.get(BORN), wanted.get(STACK)
    _check_types(nickname, name, born, stack)
    _check_text(NICKNAME, nickname, NICKNAME_LIMIT)
    _check_text(NAME, name, NAME_LIMIT)
    _check_given(BORN, born)
    # Most elements are sound, and to look at each by itself would take longer than all else.
    if stack and not 0 < min(map(len, stack)) <= max(map(len, stack)) <= STACK_ITEM_LIMIT:
        for item in stack:
            _check_text(STACK, item, STACK_ITEM_LIMIT, "an element of ")
    kept = orjson.dumps({NICKNAME: nickname, NAME: name, BORN: born, STACK: stack})
    return Record(nickname.encode(), _BEFORE_ID, _AFTER_ID + kept[1:], _searchable(nickname, name, stack))


def read(document: bytes) -> tuple[bytes, bytes]:
    """Nickname and searchable text of a stored person: those of the record that the document came from.

    Raises ValueError for what is no person's document; limits of length are for who is created, not for
    who is there.
    """
    try:
        kept = _parse(document)
        _, nickname, name, born, stack = kept.values()
        _check_types(nickname, name, born, stack)
    except (Problem, ValueError):
        kept = {}
    if list(kept) != _WIRE or not (nickname and name and born):
        raise ValueError("its document is no person's")
    return nickname.encode(), _searchable(nickname, name, stack)


def _searchable(nickname: str, name: str, stack: list[str] | None) -> bytes:
    return text.searchable([nickname, name, *(stack or ())])


def _parse(body: bytes) -> Any:
    try:
        wanted = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Problem(400, "The body is not JSON in UTF-8.") from None
    if type(wanted) is not dict:
        raise Problem(400, "The body is not a JSON object.")
    return wanted


def _is_deeper(value: object, depth: int) -> bool:
    """Whether arrays and objects lie more than `depth` deep in one another."""
    level = [value]
    for _ in range(depth):
        inner: list[object] = []
        for one in level:
            if type(one) is dict:
                inner += one.values()
            elif type(one) is list:
                inner += one
        level = [one for one in inner if type(one) in (dict, list)]
        if not level:
            return False
    return True


def _check_types(nickname: object, name: object, born: object, stack: object) -> None:
    """Everything that makes a 400."""
    for field, value in ((NICKNAME, nickname), (NAME, name), (BORN, born)):
        if value is not None and type(value) is not str:
            raise Problem(400, f"{field} must be a string.", field)
    if stack is not None and (type(stack) is not list or not set(map(type, stack)) <= _TEXTS):
        raise Problem(400, f"{STACK} must be an array of strings, or null.", STACK)
    if type(born) is str and born and not is_date(born):
        raise Problem(400, f"{BORN} must be a date of the calendar, written YYYY-MM-DD.", BORN)


def _check_text(field: str, value: str | None, limit: int, which: str = "") -> None:
    """Everything that makes a 422."""
    _check_given(field, value, which)
    if len(value or "") > limit:
        raise Problem(422, f"{which}{field} must not be longer than {limit} characters.", field)


def _check_given(field: str, value: str | None, which: str = "") -> None:
    if not value:
        raise Problem(422, f"{which}{field} must be given and not be empty.", field)


def is_date(written: str) -> bool:
    """Whether this is a day of the proleptic Gregorian calendar, years 0001 to 9999, as YYYY-MM-DD."""
    if _DATE.fullmatch(written) is None:
        return False
    try:
        date.fromisoformat(written)
    except ValueError:
        return False
    return True
