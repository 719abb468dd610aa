"""How often a forgiving search finds whom a mistyped name was meant for, and how long it takes.

    found = [row for edits in (1, 2) for row in [measure(search, names, edits, seed=1)]]

`search` gives the names of those found, the best first, as a list as long as an answer.
"""

import random
import string
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import NamedTuple


class Recall(NamedTuple):
    """What came of so many mistyped names."""

    edits: int
    searches: int
    found: int
    """How many answers have somebody of the name that was meant."""
    seconds: list[float]
    """Of each search, rising."""

    @property
    def share(self) -> float:
        """Of 1."""
        return self.found / self.searches


def mistyped(rng: random.Random, name: str, edits: int) -> str:
    """The name after so many errors: a letter too many, missing, wrong, or two of them swapped, at random."""
    for _ in range(edits):
        changed = ""
        while changed in ("", name):
            changed = _mistyped(rng, name)
        name = changed
    return name


def measure(
    search: Callable[[str], Sequence[str]], names: Sequence[str], edits: int, *, searches: int, seed: int
) -> Recall:
    """Searches for so many of `names`, drawn with `seed` and mistyped."""
    rng = random.Random(f"mistyped {edits} {seed}")
    found = 0
    seconds = []
    for _ in range(searches):
        name = rng.choice(names)
        term = mistyped(rng, name, edits)
        begin = perf_counter()
        answer = search(term)
        seconds.append(perf_counter() - begin)
        found += name in answer
    return Recall(edits, searches, found, sorted(seconds))


def _mistyped(rng: random.Random, name: str) -> str:
    at = rng.randrange(len(name) + 1)
    before, after = name[:at], name[at:]
    letter = rng.choice(string.ascii_lowercase)
    return rng.choice(
        (
            before + letter + after,
            before + after[1:],
            before + letter + after[1:],
            before + after[1::-1] + after[2:],
        )
    )
