"""The searches, as PostgreSQL does them: candidates by trigrams, and then to the letter."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from goseventh.postgresql import terms
from index import resemblance
from index.fold import fold

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


async def resembling(session: Any, term: str, limit: int) -> list[bytes]:
    """Documents of the `limit` people who resemble `term` most, the best first; of equals by id.

    Only of those whose lowered text shares enough trigrams with the term.
    """
    folded = fold(term)
    if not folded:
        return []
    found = await session.fetch(RESEMBLING, terms.stored(folded.encode()))
    scores = _scores(folded, [terms.fields(text) for _, _, text in found])
    best = sorted(
        (-score, key.bytes, document)
        for score, (key, document, _) in zip(scores, found, strict=True)
        if score
    )
    return [document for _, _, document in best[:limit]]


def _scores(folded: str, people: Sequence[Sequence[str]]) -> list[float]:
    """How much the best field of each resembles the term, of 100; 0 for who does not."""
    best = [0.0] * len(people)
    for way in (resemblance.whole(folded), resemblance.part(folded)):
        fields = [
            (owner, field)
            for owner, texts in enumerate(people)
            for field in map(fold, texts)
            if way.takes(field)
        ]
        for (owner, _), score in zip(fields, way.scores(folded, [field for _, field in fields]), strict=True):
            best[owner] = max(best[owner], score)
    return best
