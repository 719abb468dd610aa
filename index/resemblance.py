"""How much a folded field resembles a folded term: as a whole, or in a part of it."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rapidfuzz import fuzz, process

from index.outline import LONGEST

LEAST_SCORE = 65.0
"""Of 100: of six letters two may be wrong, and one in a part of a field."""
# The whole of a short field counts for more than the same letters in a long one.
_PART_SHARE = 0.9
# Shorter terms are part of so many fields that it says nothing.
_LEAST_PART = 3
# Letters that may be wrong: two, and one more for every so many.
_EDITS, _LETTERS_AN_EDIT = 2, 16


class Way(NamedTuple):
    """One way to resemble a term, for fields of some lengths."""

    shortest: int
    longest: int
    scorer: Callable[..., Any]
    share: float
    """What the scorer's word is worth."""

    def takes(self, field: str) -> bool:
        """Whether a folded field is of these lengths."""
        return self.shortest <= min(len(field), LONGEST) <= self.longest

    def scores(self, term: str, fields: Sequence[str]) -> list[float]:
        """Of 100, of each field that it takes; 0 for one that does not resemble the term."""
        if not fields:
            return []
        scored = process.cdist([term], fields, scorer=self.scorer, score_cutoff=LEAST_SCORE / self.share)
        # It scores in single precision.
        return [score and round(score * self.share, 3) for score in scored[0].tolist()]


def edits(term: str) -> int:
    """How many letters may be wrong in a whole field."""
    return _EDITS + len(term) // _LETTERS_AN_EDIT


def whole(term: str) -> Way:
    """For fields of about the term's length."""
    shortest, longest = (min(len(term) + more, LONGEST) for more in (-edits(term), edits(term)))
    return Way(max(shortest, 1), longest, fuzz.ratio, 1.0)


def part(term: str) -> Way:
    """For longer ones; for none if the term is too short to say anything."""
    shortest = whole(term).longest + 1
    return Way(shortest, LONGEST if len(term) >= _LEAST_PART else 0, fuzz.partial_ratio, _PART_SHARE)
