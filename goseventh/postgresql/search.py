"""The searches, as PostgreSQL does them: candidates by trigrams, and then to the letter."""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Any
from uuid import UUID

from goseventh.postgresql import terms
from index import resemblance
from index.fold import fold
from storage.errors import Busy

LEAST_SIMILARITY = 0.3
"""Of a term's trigrams what a part of somebody's terms must have in common with it."""
SETTINGS = {
    # Whether the trigram index finds the few, or people are walked in order until there are enough, is
    # decided for each term anew, by how rare it looks. Without a trigram they are walked.
    "plan_cache_mode": "force_custom_plan",
    # To look at everybody's terms is far more work than PostgreSQL believes, and the index is rarely on a
    # disk that turns.
    "enable_seqscan": "off",
    "random_page_cost": "1.1",
    "pg_trgm.word_similarity_threshold": str(LEAST_SIMILARITY),
}
"""The server's, in the sessions that search."""
CONTAINING = "SELECT document FROM people WHERE terms LIKE $1 ORDER BY id LIMIT $2"
CONTAINING_AFTER = "SELECT document FROM people WHERE terms LIKE $1 AND id > $3 ORDER BY id LIMIT $2"
# Candidates that are compared letter by letter.
_BUDGET = 300
# Of all of them together, of the nearest by trigrams first: some 5 µs each.
_FIELDS = 20_000
RESEMBLING = (
    "SELECT id, document, terms FROM people WHERE $1 <% terms"
    f" ORDER BY word_similarity($1, terms) DESC, id LIMIT {_BUDGET}"
)


async def containing(session: Any, needle: bytes, limit: int, after: bytes | None) -> list[bytes]:
    """Documents of the first `limit` people by id whose text contains `needle`."""
    pattern = terms.pattern(needle)
    if after is None:
        found = await session.fetch(CONTAINING, pattern, limit)
    else:
        found = await session.fetch(CONTAINING_AFTER, pattern, limit, UUID(bytes=after))
    return [document for (document,) in found]


async def resembling(session: Any, term: str, limit: int, deadline: float) -> list[bytes]:
    """Documents of the `limit` people who resemble `term` most, the best first; of equals by id.

    Only of those whose lowered text shares enough trigrams with the term. Raises Busy past `deadline`, by the
    monotonic clock.
    """
    folded = fold(term)
    if not folded:
        return []
    found = await session.fetch(RESEMBLING, terms.stored(folded.encode()))
    # In a thread, for the loop answers others; with the session, so that no more of them run at a time.
    scores = await asyncio.to_thread(_scores, folded, [text for _, _, text in found], deadline)
    best = sorted(
        (-score, key.bytes, document)
        for score, (key, document, _) in zip(scores, found, strict=True)
        if score
    )
    return [document for _, _, document in best[:limit]]


def _scores(folded: str, people: Sequence[str], deadline: float) -> list[float]:
    """How much the best field in the terms of each resembles the term, of 100; 0 for who does not."""
    ways = resemblance.whole(folded), resemblance.part(folded)
    best = [0.0] * len(people)
    room = _FIELDS
    for owner, text in enumerate(people):
        if monotonic() > deadline:
            raise Busy("this search took too long")
        fields = list(map(fold, terms.fields(text)[:room]))
        room -= len(fields)
        for way in ways:
            scores = way.scores(folded, [field for field in fields if way.takes(field)])
            best[owner] = max(best[owner], *scores, 0.0)
    return best
