"""What is wrong with the answers to searches: in what they hold, and in whom they miss.

Pure, over finished exchanges. Whom a search misses is found by a naive `str.find` over everybody, on purpose:
it shares no cleverness with the server.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any

import orjson

from goseventh.bench.open_load.exchange import Exchange, Fault
from goseventh.bench.open_load.schedule import Kind
from goseventh.bench.people import Person

FIELDS = ["id", "apelido", "nome", "nascimento", "stack"]
MOST_HITS = 50
BORDER = "\n"  # in no text and no term, so no match crosses it


def wrong_hits(exchange: Exchange, term: str) -> str:
    """What is wrong with a search's answer taken alone; "" when nothing is."""
    if exchange.status != 200:
        return f"status {exchange.status}, not 200"
    hits = parsed(exchange.body)
    if not isinstance(hits, list) or len(hits) > MOST_HITS:
        return f"not a JSON array of at most {MOST_HITS} people"
    if not all(isinstance(hit, dict) and list(hit) == FIELDS and isinstance(hit["id"], str) for hit in hits):
        return "a hit is no person"
    if len({hit["id"] for hit in hits}) != len(hits):
        return "a hit comes twice"
    lowered = term.lower()
    found = all(any(lowered in text for text in searchable(hit)) for hit in hits)
    return "" if found else "a hit does not contain the term"


def searchable(person: dict[str, object]) -> Iterator[str]:
    """The texts of a person in which a term may lie, lower-cased: apelido, nome and the elements of stack."""
    stack = person["stack"]
    for text in (person["apelido"], person["nome"], *(stack if isinstance(stack, list) else ())):
        yield str(text).lower()


def parsed(body: bytes) -> Any:
    """The JSON of an answer; None where it is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def unfound(people: Sequence[Person], terms: Sequence[str], exchanges: Iterable[Exchange]) -> Iterator[Fault]:
    """One fault for each search that missed someone; `exchanges` are those right as far as they go."""
    right = list(exchanges)
    acknowledged = sorted(
        (exchange for exchange in right if exchange.kind is Kind.CREATE and exchange.created),
        key=lambda e: e.done,
    )
    moments = [exchange.done for exchange in acknowledged]
    texts = [BORDER.join(searchable(orjson.loads(people[e.index].body))) + BORDER for e in acknowledged]
    ends = list(accumulate(map(len, texts)))
    blob = "".join(texts)
    for search in right:
        if search.kind is not Kind.SEARCH:
            continue
        hits = {hit["id"] for hit in orjson.loads(search.body)}
        if len(hits) >= MOST_HITS:
            continue  # the oldest 50, by an order that only the server knows
        before = bisect_left(moments, search.left)
        term = terms[search.index]
        for number in _matches(blob, term.lower(), ends, before):
            if acknowledged[number].location.removeprefix("/pessoas/") not in hits:
                missed = people[acknowledged[number].index].nickname
                example = f"term {term!r}, apelido {missed}"
                yield Fault(Kind.SEARCH, "misses a person it should find", example)
                break


def _matches(blob: str, term: str, ends: Sequence[int], people: int) -> Iterator[int]:
    """The numbers of those among the first `people` texts of the blob that contain the term."""
    end = ends[people - 1] if people else 0
    position = blob.find(term, 0, end)
    while position >= 0:
        number = bisect_right(ends, position)
        yield number
        position = blob.find(term, ends[number], end)
