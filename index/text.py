"""What a search sees: an entry's fields and a term, lower-cased and turned to bytes."""

from collections.abc import Iterable

# Neither byte ever occurs in UTF-8, so a term can't match across a border and nothing needs escaping.
FIELD_END = b"\xfe"
ENTRY_END = b"\xff"


def searchable(fields: Iterable[str]) -> bytes:
    """The text of one entry: its fields lower-cased (`str.lower`), UTF-8, parted by FIELD_END.

    Raises UnicodeEncodeError on a lone surrogate, which no UTF-8 holds.
    """
    return FIELD_END.join(map(str.encode, map(str.lower, fields)))


def needle(term: str) -> bytes:
    """The bytes to look for so that `term` is found whatever its case; empty only for an empty term."""
    return term.lower().encode()
