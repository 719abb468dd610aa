"""A request's head, read if it is HTTP/1.x to the letter.

A tolerant parser behind a tolerant proxy is how requests are smuggled, so a head is either exactly what the
grammar says or refused, and this is the only place that reads it: what was checked is what is believed. Two
regular expressions without backtracking do nearly all of it, the second seldom, for most clients send the
same fields again and again. Heads are text of one character a byte, so that no two bytes ever become
one letter: as UTF-8, a Kelvin sign would be a "k" to whoever ignores case.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from sanic.compat import Header

from goseventh.limits import Limits
from goseventh.problems import Problem

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_REQUEST_LINE = re.compile(rf"({_TOKEN}) ([\x21\x22\x24-\x7e]++) HTTP/([0-9]\.[0-9])(?=\r\n|\Z)")
_FIELDS = re.compile(rf"(?:\r\n{_TOKEN}:[\t\x20-\x7e\x80-\xff]*+)*+")
_FIELD = re.compile(r"\r\n([^:]+):[\t ]*([^\r]*)")
# The line that is still coming: of a field, or of the request.
_HALF_FIELD = re.compile(r"[\t\x20-\x7e\x80-\xff]*+\r?")
_HALF_REQUEST_LINE = re.compile(r"[\x20-\x7e]*+\r?")
# RFC 3986, 3.2, without what RFC 9110 bars from it (a user), and without the comma that joins two of them.
_AUTHORITY = r"(?:\[[0-9A-Fa-f:.]+\]|(?:[-0-9A-Za-z._~!$&'()*+;=]++|%[0-9A-Fa-f]{2})*+)(?::[0-9]*+)?"
_HOST = re.compile(rf"{_AUTHORITY}[\t ]*")
_ABSOLUTE = re.compile(rf"https?://(?=[^:/?]){_AUTHORITY}(?![^/?])", re.IGNORECASE)
_LENGTH = re.compile(r"[0-9]{1,18}[\t ]*")
# What is looked at here; nearly every head has the first alone.
_MEANT = frozenset({"host", "content-length", "transfer-encoding", "connection", "expect"})
_ALLOWED_ANYWHERE = "GET, HEAD, POST"


class Fields(NamedTuple):
    """What a head says after its first line. Several requests may share it: nobody changes it."""

    all: Header
    length: int | None
    """Bytes of the body; None where it comes in chunks."""
    keeps_alive: bool
    """Whether the client wants the connection to go on after the answer."""
    waits: bool
    """Whether the client sends its body only when asked to (100 Continue)."""


class Head(NamedTuple):
    """What a head says."""

    method: str
    target: bytes
    version: str
    """1.0 or 1.1."""
    fields: Fields


def read_head(received: bytes | bytearray, limits: Limits) -> Head:
    """What the head says; `received` lacks its closing empty line.

    Raises Problem unless it is HTTP/1.x to the letter.
    """
    head = received.decode("latin-1")
    line = _REQUEST_LINE.match(head)
    if line is None:
        raise _head_problem(head)
    method, target, version = line.groups()
    if version not in ("1.0", "1.1"):
        raise Problem(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.")
    lines = head[line.end() :]
    fields = (_read_usual if len(lines) <= _USUAL else _read_fields)(version, lines)
    if len(target) > limits.target:
        raise _target_problem(limits)
    if not target.startswith("/"):
        _check_other_target(method, target)
    return Head(method, target.encode(), version, fields)


def _read_fields(version: str, lines: str) -> Fields:
    """Each line comes after a CR LF. Raises Problem."""
    if _FIELDS.fullmatch(lines) is None:
        raise _fields_problem()
    fields = _FIELD.findall(lines)
    meant: dict[str, list[str]] = {}
    for name, value in fields:
        if (key := name.lower()) in _MEANT:
            meant.setdefault(key, []).append(value)
    hosts = meant.pop("host", ())
    if len(hosts) > 1 or (not hosts and version == "1.1"):
        raise Problem(400, "The head must have exactly one Host.")
    if hosts and _HOST.fullmatch(hosts[0]) is None:
        raise Problem(400, "Host must be a name or an address.")
    return Fields(
        Header(fields),
        _body_length(version, meant) if meant else 0,
        _keeps_alive(version, meant.get("connection", ())),
        "expect" in meant and _waits(version, meant["expect"]),
    )


# Most clients say the same in each request. A thousand characters are more than what most browsers say, and
# so many of the smallest fields take some 40 KiB, in all no more than 10 MiB.
_USUAL: Final = 1024
_read_usual: Final = lru_cache(256)(_read_fields)


def _check_other_target(method: str, target: str) -> None:
    """Raises Problem for a target that is no path, unless it is a URL with one."""
    url = _ABSOLUTE.match(target)
    if url is not None:
        if not target.startswith("/", url.end()):
            raise Problem(404, "There is nothing here.")
    elif method == "CONNECT" or target == "*":
        raise Problem(
            405, "This server knows methods only of its paths.", headers={"Allow": _ALLOWED_ANYWHERE}
        )
    else:
        raise Problem(400, "The target must be a path.")


def _body_length(version: str, meant: Mapping[str, list[str]]) -> int | None:
    """How many bytes the body has, None for chunks; one way to tell where it ends, or none is believed."""
    lengths, codings = meant.get("content-length", []), meant.get("transfer-encoding", [])
    if not lengths and not codings:
        return 0
    if len(lengths) + len(codings) > 1:
        raise Problem(400, "The head must say once how long the body is.")
    if codings:
        if codings[0].rstrip(" \t").lower() != "chunked" or version == "1.0":
            raise Problem(400, "Of Transfer-Encoding only chunked is known.")
        return None
    if _LENGTH.fullmatch(lengths[0]) is None:
        raise Problem(400, "Content-Length must be a number.")
    return int(lengths[0])


def _keeps_alive(version: str, connection: Sequence[str]) -> bool:
    """By RFC 9112, 9.3: 1.1 unless it says close, 1.0 if it says keep-alive and not close."""
    options = set(_members(connection)) if connection else ()
    return "close" not in options and (version == "1.1" or "keep-alive" in options)


def _waits(version: str, expect: Iterable[str]) -> bool:
    """By RFC 9110, 10.1.1: whether 100 Continue is expected; Problem for anything else that is."""
    if version == "1.0":
        return False
    expected = set(_members(expect))
    if not expected <= {"100-continue"}:
        raise Problem(417, "Of Expect only 100-continue is known.")
    return bool(expected)


def _members(lines: Iterable[str]) -> Iterator[str]:
    """The members of a list in one field or several, without case and the spaces around; RFC 9110, 5.6.1."""
    for line in lines:
        for member in line.lower().split(","):
            if stripped := member.strip(" \t"):
                yield stripped


def incomplete_problem(received: bytes | bytearray, limits: Limits) -> Problem | None:
    """Why what was received so far can't become a head; None if it still can.

    Each whole line is looked at again with each packet, for which the limit of the head is a bound.
    """
    beginning = received[: limits.head].decode("latin-1")
    whole, end, half = beginning.rpartition("\r\n")
    if len(received) >= limits.head:
        if end:
            return Problem(431, f"The head must not be longer than {limits.head} bytes with its empty line.")
        return _target_problem(limits)
    if not end:
        return None if _HALF_REQUEST_LINE.fullmatch(half) is not None else _head_problem(half)
    line = _REQUEST_LINE.match(whole)
    if line is None or _FIELDS.fullmatch(whole, line.end()) is None:
        return _head_problem(whole)
    return None if _HALF_FIELD.fullmatch(half) is not None else _head_problem(beginning)


def _target_problem(limits: Limits) -> Problem:
    most = min(limits.target, limits.head)
    return Problem(414, f"What is asked for must not be longer than {most} bytes, nor the head.")


def _head_problem(head: str) -> Problem:
    """Why a head isn't well-formed."""
    line = head.partition("\r\n")[0]
    if _REQUEST_LINE.fullmatch(line) is not None:
        return _fields_problem()
    return Problem(400, "The request line breaks HTTP.")


def _fields_problem() -> Problem:
    return Problem(400, "The head has a field that breaks HTTP.")
