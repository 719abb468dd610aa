"""Records as `storage` sees them: their documents are no people's, but say what `read` needs."""

import orjson

from index import text
from storage.records import Record


def record(nickname: str, padding: int = 0) -> Record:
    """A record with `padding` more bytes of text than the nickname."""
    document = orjson.dumps({"nickname": nickname, "padding": padding})
    return Record(nickname.encode(), b'{"id":"', b'",' + document[1:], _text(nickname, padding))


def read(document: bytes) -> tuple[bytes, bytes]:
    """Nickname and text of the record that a document came from; ValueError for anything else."""
    try:
        found = orjson.loads(document)
        return found["nickname"].encode(), _text(found["nickname"], found["padding"])
    except (orjson.JSONDecodeError, KeyError):
        raise ValueError("its document is no sample") from None


def _text(nickname: str, padding: int) -> bytes:
    return text.searchable([nickname, "x" * padding])
