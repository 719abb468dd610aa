r"""What a search sees of a person, as PostgreSQL's `text` can hold it.

    terms   := field { BORDER field }
    field   := the field of `index.text`, with each of the characters U+0000 to U+0004 as its code
    code    := U+0001 and three of U+0002 and U+0003: the number of the character in binary
    BORDER  := U+0004

`text` holds all but U+0000. A code begins as nothing else does and none begins within another, so an escaped
term is a part of escaped terms where the term is one of theirs, and nowhere else.
"""

import re

from goseventh.like import like
from index.text import FIELD_END

_BORDER = b"\x04"
_SPECIAL = re.compile(rb"[\x00-\x04]")
_CODES = [b"\x01" + bytes(2 + (number >> bit & 1) for bit in (2, 1, 0)) for number in range(_BORDER[0] + 1)]
_CHARACTERS = {code: bytes([number]) for number, code in enumerate(_CODES)}
_CODE = re.compile(rb"\x01[\x02\x03]{3}")


def stored(text: bytes) -> str:
    """The terms of a person whose text is from `index.text.searchable`."""
    return _escaped(text).replace(FIELD_END, _BORDER).decode()


def pattern(needle: bytes) -> str:
    """The LIKE pattern that finds a term from `index.text.needle`."""
    return like(_escaped(needle).decode())


def fields(terms: str) -> list[str]:
    """The fields of stored terms, as they were."""
    return [
        _CODE.sub(lambda code: _CHARACTERS[code[0]], field).decode()
        for field in terms.encode().split(_BORDER)
    ]


def _escaped(text: bytes) -> bytes:
    return _SPECIAL.sub(lambda special: _CODES[special[0][0]], text)
