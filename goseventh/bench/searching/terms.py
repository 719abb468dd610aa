"""The kinds of search term that are measured, each drawn from the people who are there.

A kind says what its terms are meant to be; that all contenders find the same people is checked elsewhere.
"""

import random
import string
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import stringzilla

from goseventh.bench.corpora import ABSENT_MARK, RARE_MARK, SPREAD_MARK
from goseventh.bench.people import TECHNOLOGIES
from goseventh.bench.searching.contenders.shape import EXACT, FUZZY
from goseventh.bench.searching.recall import mistyped
from goseventh.bench.searching.texts import Texts
from index.text import needle

TERMS = 8  # of each kind
SHORT_COMMON = ("a", "e", "go", "ja", "lu", "c++", "php", "zig")
SHORT_RARE = (RARE_MARK, ABSENT_MARK, f"ã{ABSENT_MARK}", f"ç{ABSENT_MARK}o", "ñ", "☃", "q#", "éê")
ACCENTED = ("João", "Conceição", "Antônio", "Araújo", "Gonçalves", "Vitória", "Pietra Araújo", "Luís")
_GRAM = 4
_SAMPLE = 5_000  # people whose grams are counted
_WORST_LENGTHS = range(10, 40)
_HALF = 6  # characters
_LONG = 400  # characters: a term may have 512, but no field has more than 100


class Kind(NamedTuple):
    """Terms that cost a search about the same."""

    name: str
    means: str
    terms: Sequence[str]
    way: str = EXACT
    hard: bool = False
    """Whether a search has to go to the end of all people, through much that is none of it."""


def kinds(texts: Texts, seed: int) -> list[Kind]:
    """All kinds, over these people."""
    rng = random.Random(f"search terms {seed}")
    people = [texts.fields(number) for number in _sample(len(texts), _SAMPLE)]
    some = rng.sample(people, len(people))
    names = [name for _, name, *_ in some[:TERMS]]
    spread = [SPREAD_MARK, SPREAD_MARK.upper(), SPREAD_MARK[2:], SPREAD_MARK[:8]]
    return [
        Kind("absent", "random letters", [_letters(rng, 8 + 4 * place) for place in range(TERMS)]),
        Kind("rare", "the end of somebody's nickname", list(_ends(some))),
        Kind("whole name", "somebody's name", names),
        Kind("common", "a technology of 4 characters or more", _common()),
        Kind("short common", "1 to 3 characters that many have", SHORT_COMMON),
        Kind("short rare", "1 to 3 characters that hardly anybody has", SHORT_RARE, hard=True),
        Kind("accented", "Portuguese names", ACCENTED),
        Kind("spread", "50 people spread evenly over all", spread, hard=True),
        Kind("worst", "the most frequent 4-grams, and nobody", list(_worst(people, texts)), hard=True),
        Kind("near miss", "the beginnings of two names in one, and nobody", list(_joined(some, texts))),
        Kind("long", f"{_LONG} characters of names, and nobody", list(_long(some))),
        Kind(
            "fuzzy", "somebody's name with a typing error", [mistyped(rng, name, 1) for name in names], FUZZY
        ),
    ]


def _sample(count: int, most: int) -> range:
    """Numbers of people, evenly spaced."""
    return range(1, count + 1, max(1, count // most))


def _letters(rng: random.Random, length: int) -> str:
    return "".join(rng.choices(string.ascii_lowercase, k=length))


def _ends(people: Sequence[Sequence[str]]) -> Iterator[str]:
    """8 to 12 characters, which hardly two people share."""
    long = [nickname for nickname, *_ in people if len(nickname) >= 8]
    for nickname in long[:TERMS]:
        yield nickname[-12:]


def _common() -> list[str]:
    return [name for name in TECHNOLOGIES if len(name) >= _GRAM][:TERMS]


def _joined(people: Sequence[Sequence[str]], texts: Texts) -> Iterator[str]:
    """In whatever letters the people are written, which random ones are not."""
    beginnings = list({name[:_HALF]: None for _, name, *_ in people if len(name) >= _HALF})
    joined = (one + other for one, other in zip(beginnings, reversed(beginnings), strict=True))
    absent = (term for term in joined if stringzilla.find(texts.whole, needle(term)) < 0)
    yield from islice(absent, TERMS)


def _long(people: Sequence[Sequence[str]]) -> Iterator[str]:
    everything = " ".join(name for _, name, *_ in people)
    for begin in islice(range(0, len(everything) - _LONG, _LONG), TERMS):
        yield everything[begin : begin + _LONG]


def _worst(people: Sequence[Sequence[str]], texts: Texts) -> Iterator[str]:
    """Each begins with the most frequent gram not used yet, and goes on with what is most frequent next."""
    counts = Counter(
        gram for fields in people for gram in {gram for field in fields for gram in _grams(field)}
    )
    following: dict[str, str] = {}
    for gram, _ in reversed(counts.most_common()):  # the most frequent one comes last, and stays
        following[gram[:-1]] = gram[-1]
    used: set[str] = set()
    found = 0
    for first, _ in counts.most_common():
        if found == TERMS:
            return
        if first in used:
            continue
        term = first
        while len(term) < _WORST_LENGTHS[-1] and (follows := following.get(term[1 - _GRAM :])):
            term += follows
            if len(term) >= _WORST_LENGTHS[0] and stringzilla.find(texts.whole, needle(term)) < 0:
                found += 1
                yield term
                break
        used.update(_grams(term))


def _grams(field: str) -> list[str]:
    return [field[at : at + _GRAM] for at in range(len(field) - _GRAM + 1)]
