"""The little of an HTTP answer that a load generator has to see, read as fast as Python can.

Bytes of one connection whose client waits for each answer before it asks again: so nothing follows an answer.
"""

import re
from typing import NamedTuple

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r]*chunked", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation:[ \t]*(\S+)", re.IGNORECASE)
_END = b"\r\n\r\n"
_LAST_CHUNK = b"0\r\n\r\n"
_BODILESS = (204, 304)


class Broken(Exception):
    """What came is no answer; the message says why."""


class Answer(NamedTuple):
    """A whole one."""

    status: int
    body: int
    """Bytes; of a chunked body with its framing."""


def whole(received: bytes) -> Answer | None:
    """The answer that was received, None while some of it is missing; raises Broken."""
    head = received.find(_END)
    if head < 0:
        return None
    try:
        status = int(received[9:12])
    except ValueError:
        raise Broken("an answer that is no HTTP") from None
    body = len(received) - head - len(_END)
    found = _LENGTH.search(received, 0, head)
    if found is not None:
        length = int(found[1])
    elif _CHUNKED.search(received, 0, head) is not None:
        return Answer(status, body) if received.endswith(_LAST_CHUNK) else None
    elif status in _BODILESS:
        length = 0
    else:
        raise Broken("an answer without a length")
    if body > length:
        raise Broken("more bytes after an answer")
    return Answer(status, body) if body == length else None


def location(received: bytes) -> str:
    """Where the answer's Location points; "" without one."""
    found = _LOCATION.search(received, 0, received.find(_END))
    return "" if found is None else found[1].decode("latin-1")
