"""Large numbers of people for the search benchmark, from a seed, each ready to be stored.

Drawn by the batch with numpy: `people.py` draws one at a time, with faults, and would take longer than any
index.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, Protocol

import numpy as np
import orjson
from numpy.typing import NDArray

from goseventh.bench.people import (
    LETTERS,
    LETTERS_AND_SPACES,
    LONGEST_NAME,
    LONGEST_NICKNAME,
    TECHNOLOGIES,
)
from goseventh.person import BORN, NAME, NICKNAME, STACK
from index.text import FIELD_END
from storage.records import Record

SPREAD_MARK = "Quetzalcóatl"
"""In the names of about 50 people, spread evenly over all."""
RARE_MARK = "Ω"
"""In the names of five people, whatever the number of all; one character, and lower-cased another."""
ABSENT_MARK = "ж"
"""In nobody's text."""
_SPREAD, _RARE = 50, 5

# Stacks, dates and Brazilian names are drawn from so many made before: nothing that an index sees differs.
_POOL = 20_000
# Of tens of millions of nicknames of more random letters, no two are equal.
_MAY_REPEAT = 8
# As `person.prepare` makes it, which a test compares.
_AFTER_ID = b'","%b":"%%b","%b":"%%b","%b":"%%b","%b":%%b}' % tuple(
    field.encode() for field in (NICKNAME, NAME, BORN, STACK)
)
# Without ABSENT_MARK.
_CYRILLIC = str.maketrans(LETTERS, "абвгдезийклмнопрстуфхцчшщы" + "абвгдезийклмнопрстуфхцчшщы".upper())


class NotAvailable(Exception):
    """What this needs is not installed here; the message says what."""


class Named(NamedTuple):
    """What one corpus draws otherwise than the next."""

    nickname: bytes
    name: bytes
    lowered_nickname: bytes
    lowered_name: bytes


class Naming(Protocol):
    """Endless nicknames and names."""

    may_repeat: int
    """Nicknames of at most so many bytes may repeat; longer ones never do."""

    def draw(self, first: int, count: int) -> Iterable[Named]:
        """Those of the people from number `first` on."""


class Corpus:
    """So many people, always the same for the same seed, in batches."""

    def __init__(self, naming: Callable[[int], Naming], size: int, seed: int) -> None:
        """Raises NotAvailable where what the naming needs is not installed."""
        self.size = size
        self._naming = naming(seed)
        self._rng = np.random.default_rng([seed, 1])
        self._stacks, self._births = _stacks(self._rng), _births(self._rng)

    def batches(self, largest: int) -> Iterator[Sequence[Record]]:
        """All people in their order; nicknames are unique."""
        short: set[bytes] = set()
        marks = _marks(self.size)
        made = 0
        while made < self.size:
            batch = self._batch(made, min(largest, self.size - made), short, marks)
            made += len(batch)
            yield batch

    def _batch(self, made: int, count: int, short: set[bytes], marks: dict[int, bytes]) -> Sequence[Record]:
        stacks = self._rng.integers(0, len(self._stacks), count).tolist()
        births = self._rng.integers(0, len(self._births), count).tolist()
        batch: list[Record] = []
        for drawn, stack, born in zip(self._naming.draw(made + 1, count), stacks, births, strict=True):
            nickname, name, lowered_nickname, lowered_name = drawn
            if len(nickname) <= self._naming.may_repeat:
                if nickname in short:
                    continue
                short.add(nickname)
            mark = marks.get(made + len(batch) + 1)
            if mark:
                name, lowered_name = mark, mark.decode().lower().encode()
            written, searched = self._stacks[stack]
            after = _AFTER_ID % (nickname, name, self._births[born], written)
            text = b"%b\xfe%b%b" % (lowered_nickname, lowered_name, searched)
            batch.append(Record(nickname, b'{"id":"', after, text))
        return batch


class Tournament:
    """Letters at random, in the numbers that the tournament draws."""

    def __init__(self, seed: int, suffix: bytes = b"") -> None:
        """`suffix` is put behind each nickname."""
        self._rng = np.random.default_rng([seed, 2])
        self._suffix = suffix
        self.may_repeat = len(suffix) + _MAY_REPEAT

    def draw(self, first: int, count: int) -> Iterator[Named]:
        suffix, lowered_suffix = self._suffix, self._suffix.lower()
        nicknames = self._texts(LETTERS, LONGEST_NICKNAME - len(suffix), count)
        names = self._texts(LETTERS_AND_SPACES, LONGEST_NAME, count)
        for (nickname, lowered), (name, lowered_name) in zip(nicknames, names, strict=True):
            yield Named(nickname + suffix, name, lowered + lowered_suffix, lowered_name)

    def _texts(self, alphabet: str, longest: int, count: int) -> Iterator[tuple[bytes, bytes]]:
        """Texts of 1 to `longest` of the alphabet's characters, as they are and lower-cased."""
        ends = np.cumsum(self._rng.integers(1, longest + 1, count))
        characters: NDArray[np.uint8] = np.frombuffer(alphabet.encode(), np.uint8)
        everything = characters[self._rng.integers(0, len(characters), int(ends[-1]))].tobytes()
        lowered = everything.lower()
        begin = 0
        for end in ends.tolist():
            yield everything[begin:end], lowered[begin:end]
            begin = end


class Brazilian:
    """Names as Faker's pt_BR gives them: accents, few first names, many a Silva."""

    may_repeat = 0  # each ends in its number

    def __init__(self, seed: int) -> None:
        try:
            from faker import Faker
        except ImportError:
            raise NotAvailable("Faker is not installed: pip install 'goseventh[bench]'") from None
        fake = Faker("pt_BR")
        fake.seed_instance(seed)
        self._rng = np.random.default_rng([seed, 3])
        self._first = [fake.first_name() for _ in range(_POOL)]
        self._last = [fake.last_name() for _ in range(_POOL)]

    def draw(self, first: int, count: int) -> Iterator[Named]:
        chosen = self._rng.integers(0, _POOL, (count, 3)).tolist()
        for number, (given, middle, last) in enumerate(chosen, first):
            name = f"{self._first[given]} {self._last[middle]} {self._last[last]}"
            nickname = f"{self._first[given].split()[0]}{self._last[last].split()[-1]}{number}"
            yield Named(nickname.encode(), name.encode(), nickname.lower().encode(), name.lower().encode())


class Cyrillic:
    """The tournament's letters, each as one of two bytes: no name or nickname has an ASCII letter."""

    may_repeat = 2 * _MAY_REPEAT

    def __init__(self, seed: int) -> None:
        self._latin = Tournament(seed)

    def draw(self, first: int, count: int) -> Iterator[Named]:
        for drawn in self._latin.draw(first, count):
            yield Named(*(text.decode().translate(_CYRILLIC).encode() for text in drawn))


TABLE: dict[str, Callable[[int], Naming]] = {
    "tournament": Tournament,
    "brazilian": Brazilian,
    "cyrillic": Cyrillic,
}
"""Every corpus by its name."""


def _marks(size: int) -> dict[int, bytes]:
    """The names of those planted, by their number."""
    spread = {size * (place + 1) // _SPREAD: SPREAD_MARK.encode() for place in range(_SPREAD)}
    rare = {size * (2 * place + 1) // (2 * _RARE) + 1: RARE_MARK.encode() for place in range(_RARE)}
    return spread | rare


def _stacks(rng: np.random.Generator) -> list[tuple[bytes, bytes]]:
    """Stacks as the tournament draws them, each as JSON and as it ends a text."""
    lengths = rng.integers(0, 27, _POOL).tolist()
    drawn = iter(rng.integers(0, len(TECHNOLOGIES), sum(lengths)).tolist())
    made = []
    for length in lengths:
        names = [TECHNOLOGIES[at] for at in islice(drawn, length)]
        searched = b"".join([FIELD_END + name.lower().encode() for name in names])
        made.append((orjson.dumps(names or None), searched))
    return made


def _births(rng: np.random.Generator) -> list[bytes]:
    first = np.datetime64("1940-01-01")
    days = first + rng.integers(0, 81 * 365, _POOL)
    return [day.encode() for day in np.datetime_as_string(days).tolist()]
