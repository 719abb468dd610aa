"""A naive model of the search, and stores over nasty text to ask both the same terms.

`make search-proof` asks 100,000 terms: python -m tests.index.model.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

from goseventh.progress import progress
from index import grams, signature, substring, tables, term_log, text
from tests.index.databases import opened
from tests.index.stored import append, sign
from tests.nasty import PIECES

TIERS, GROUP, BLOCK = (2, 8, 32), 4, 4
"""Small, so that groups complete within a few hundred people."""
_TERMS_A_STORE = 500


def agree(terms: int, seed: int, tell: Callable[[int, int | None, str], None] = lambda *_: None) -> int:
    """Asks so many terms of both; returns how many found somebody. AssertionError where they differ."""
    found = 0
    for begin in range(0, terms, _TERMS_A_STORE):
        tell(begin, terms, f"{begin} of {terms} terms agree")
        rng = Random(f"{seed} {begin}")
        found += _ask_one_store(rng, min(_TERMS_A_STORE, terms - begin))
    return found


def naive(people: Sequence[Sequence[str]], term: str) -> list[int]:
    """Numbers of the people who have the term in a field."""
    wanted = term.lower()
    return [
        number for number, fields in enumerate(people, 1) if any(wanted in field.lower() for field in fields)
    ]


def _ask_one_store(rng: Random, terms: int) -> int:
    people = _people(rng)
    fields = [field for person in people for field in person if field]
    lowered = [[field.lower() for field in person] for person in people]
    with (
        patch.object(term_log, "TIERS", TIERS),
        patch.object(term_log, "SEALED", rng.choice((300, 4 << 20))),
        patch.object(tables, "GROUP", GROUP),
        patch.object(signature, "BLOCK", BLOCK),
        patch.object(substring, "_RUN_COST", rng.choice((0, 200, 32 << 10))),
        patch.object(grams, "_PIECE", rng.choice((16, 32 << 10))),
        TemporaryDirectory() as place,
        opened(Path(place)) as (environment, database),
    ):
        signatures = environment.open_db(b"signatures")
        append(environment, database, [text.searchable(person) for person in people], rng.randint(1, 70))
        for group in tables.spans(term_log.sealed(len(people))):
            for span in group.tiers():
                if rng.random() < 0.7:
                    sign(environment, database, signatures, span)
            if not group.level and rng.random() < 0.7:
                sign(environment, database, signatures, group)
        with environment.begin(buffers=True) as snapshot:
            total = 0
            for _ in range(terms):
                term = _term(rng, fields)
                first, limit = rng.choice((1, 1, rng.randint(1, len(people) + 2))), rng.choice((1, 50, 1000))
                found = substring.search(
                    snapshot, database, text.needle(term), limit, first=first, signatures=signatures
                )
                expected = [number for number in naive(lowered, term) if number >= first][:limit]
                assert [int.from_bytes(key, "big") for key in found] == expected, (term, first, limit)
                total += bool(found)
    return total


def _people(rng: Random) -> list[list[str]]:
    alphabet = rng.choice(
        ("ab", "abcdefghijklmnopqrstuvwxyz ", "ábçdêfghïõ", *["".join(PIECES) + "aAbB日本語"] * 3)
    )
    return [
        ["".join(rng.choices(alphabet, k=rng.randint(0, 12))) for _ in range(rng.randint(1, 4))]
        for _ in range(rng.randint(0, 420))
    ]


def _term(rng: Random, fields: Sequence[str]) -> str:
    """A piece of somebody's text, or of two people's, or of nobody's."""
    kind = rng.random()
    if fields and kind < 0.7:
        field = rng.choice(fields)
        begin = rng.randrange(len(field))
        piece = field[begin : begin + rng.choice((1, 2, 3, 4, 5, 12))]
        return piece if kind < 0.5 else rng.choice(fields)[:3] + piece
    return "".join(rng.choices("".join(PIECES) + "abcdefgh", k=rng.choice((1, 1, 2, 3, 4, 9))))


def main() -> int:
    """Asks and tells; exit code 1 where they differ."""
    parser = argparse.ArgumentParser(prog="make search-proof")
    parser.add_argument("--terms", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=Random().randrange(1 << 32))
    options = parser.parse_args()
    print(f"seed {options.seed}")
    with progress(sys.stderr, thread=True) as tell:
        found = agree(options.terms, options.seed, tell)
    print(f"{options.terms} terms: search and model agree; {found} found somebody")
    return 0


if __name__ == "__main__":
    sys.exit(main())
