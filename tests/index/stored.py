"""Texts as the index sees them, stored and signed."""

from collections.abc import Sequence

import lmdb
from lmdb import _Database

from index import segment, signature, tables, term_log
from index.segment import Segment
from index.tables import Span
from index.term_log import Slice, Walk


def made(entries: Sequence[bytes]) -> Segment:
    """A segment of these texts."""
    keyed = [(number.to_bytes(16, "big"), entry) for number, entry in enumerate(entries)]
    return segment.read(memoryview(segment.build(keyed)))


def whole(part: Segment) -> list[Slice]:
    """All of a segment."""
    return [Slice(part, 0, len(part.offsets))]


def append(environment: lmdb.Environment, terms: _Database, texts: Sequence[bytes], group: int) -> None:
    """Adds entries whose keys are their numbers, so many in a transaction, to an empty log."""
    numbered = [(number.to_bytes(16, "big"), text) for number, text in enumerate(texts, 1)]
    for begin in range(0, len(numbered), group):
        with environment.begin(write=True) as transaction:
            term_log.append(transaction, terms, begin + 1, numbered[begin : begin + group])


def sign(environment: lmdb.Environment, terms: _Database, signatures: _Database, span: Span) -> None:
    """Stores the signature of a span."""
    with environment.begin(write=True) as transaction:
        texts = list(Walk(transaction, terms).slices(span.first, span.end))
        for number, content in enumerate(signature.build(texts, span.entries)):
            transaction.put(span.key(number), tables.seal(content), db=signatures)
        tables.remove_replaced(transaction, signatures, span)
