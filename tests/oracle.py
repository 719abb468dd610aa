"""What the contract says of a body, a query and a head: an oracle written from its tables alone.

Nothing of the server's own validation is used, nor its JSON parser.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

FIELDS = ("apelido", "nome", "nascimento", "stack")
LIMITS = {"apelido": 32, "nome": 100}
LONGEST_TERM = 512
DEEPEST = 128
MOST_FOUND = 50
HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Refused(Exception):
    """The oracle's verdict."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def oracle(body: bytes) -> dict[str, Any]:
    """The person that a body asks for by the contract's tables; raises Refused."""
    try:
        wanted = json.loads(body.decode(), parse_constant=refuse, object_pairs_hook=whole_text)
        whole_text([("", wanted)])
        shallow(wanted, DEEPEST)
    except ValueError:
        raise Refused(400) from None
    if not isinstance(wanted, dict):
        raise Refused(400)
    found = {field: wanted.get(field) for field in FIELDS}
    texts_given: dict[str, Any] = {field: found[field] for field in ("apelido", "nome", "nascimento")}
    stack = found["stack"]
    if any(value is not None and not isinstance(value, str) for value in texts_given.values()):
        raise Refused(400)
    if stack is not None and (not isinstance(stack, list) or not all(isinstance(one, str) for one in stack)):
        raise Refused(400)
    if texts_given["nascimento"] and not naive_date(texts_given["nascimento"]):
        raise Refused(400)
    if not all(texts_given.values()) or any(len(texts_given[field]) > LIMITS[field] for field in LIMITS):
        raise Refused(422)
    if any(not 1 <= len(one) <= 32 for one in stack or []):
        raise Refused(422)
    return found


def refuse(constant: str) -> None:
    raise ValueError(constant)


def whole_text(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; ValueError for text that UTF-8 can't write, even where a later key replaces it."""
    for key, value in pairs:
        key.encode()
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, list):
                whole_text([("", one)])
            elif isinstance(one, str):
                one.encode()
    return dict(pairs)


def shallow(value: object, levels: int) -> None:
    """ValueError where arrays and objects lie deeper in one another than that."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is not None:
        if levels == 0:
            raise ValueError("too deep")
        for one in inner:
            shallow(one, levels - 1)


def naive_date(written: str) -> bool:
    """Whether this is a day, counted on fingers."""
    if len(written) != 10 or written[4] != "-" or written[7] != "-":
        return False
    digits = written[:4] + written[5:7] + written[8:]
    if any(digit not in "0123456789" for digit in digits):
        return False
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    if year == 0 or not 1 <= month <= 12:
        return False
    leap = month == 2 and (year % 400 == 0 or (year % 4 == 0 and year % 100 != 0))
    return 1 <= day <= DAYS[month - 1] + leap


def judge(body: bytes) -> dict[str, Any] | int:
    """The oracle's person, or the status of the refusal."""
    try:
        return oracle(body)
    except Refused as refusal:
        return refusal.status


class Asked(NamedTuple):
    """What a search is for."""

    term: str
    after: str | None
    """The path of the person to go on after, who may not exist."""
    fuzzy: bool


def asked(query: bytes) -> Asked | int:
    """What a query string asks for, or the status of its refusal."""
    pairs = []
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        try:
            pairs.append((unescape(name), unescape(value)))
        except UnicodeDecodeError:
            return 400
    first = dict(reversed(pairs))
    term, after, fuzzy = first.get("t", ""), first.get("after"), first.get("fuzzy", "0")
    if not 1 <= len(term) <= LONGEST_TERM or fuzzy not in ("0", "1"):
        return 400
    if after is None:
        return Asked(term, None, fuzzy == "1")
    if not is_id(after) or fuzzy == "1":
        return 400
    return Asked(term, f"/pessoas/{after.lower()}", False)


def is_id(written: str) -> bool:
    """Whether this is a UUID, in its one form, of either case."""
    parts = written.split("-")
    return [len(part) for part in parts] == [8, 4, 4, 4, 12] and set("".join(parts)) <= HEXADECIMAL


def unescape(written: bytes) -> str:
    """Text of a form; UnicodeDecodeError for what is not UTF-8."""
    plain = bytearray()
    place = 0
    while place < len(written):
        byte = written[place : place + 1]
        digits = written[place + 1 : place + 3]
        if byte == b"%" and len(digits) == 2 and all(digit in b"0123456789abcdefABCDEF" for digit in digits):
            plain.append(int(digits, 16))
            place += 3
            continue
        plain += b" " if byte == b"+" else byte
        place += 1
    return plain.decode()


class People:
    """Everybody created, in order, as the contract's searches see them."""

    def __init__(self) -> None:
        self.locations: dict[str, str] = {}
        """Nickname → path."""
        self._all: list[tuple[list[str], bytes]] = []
        self._places: dict[str, int] = {}

    def add(self, person: Mapping[str, Any], location: str, document: bytes) -> None:
        """Notes somebody who was answered with 201."""
        self.locations[person["apelido"]] = location
        self._places[location] = len(self._all)
        fields = [person["apelido"], person["nome"], *(person["stack"] or [])]
        self._all.append(([field.lower() for field in fields], document))

    def find(self, term: str, after: str | None = None) -> bytes:
        """The answer to a search that forgives nothing, among those created after the person of that path."""
        wanted = term.lower()
        found = []
        for fields, document in self._all[0 if after is None else self._places[after] + 1 :]:
            if any(wanted in field for field in fields):
                found.append(document)
                if len(found) == MOST_FOUND:
                    break
        return b"[" + b",".join(found) + b"]"

    def __contains__(self, location: str) -> bool:
        return location in self._places

    def path(self, number: int) -> str:
        """The path of one of them, whatever the number."""
        return list(self._places)[number % len(self._places)]

    def __len__(self) -> int:
        return len(self._all)
