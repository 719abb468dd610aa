"""The tournament's random people and search terms, from a seed, each with what the contract says of it.

A person's answer is known by construction: whoever is made with month 13 is made as no date, so nothing here
asks the server's own validation, whose mistakes it is to find.
"""

import calendar
import json
import random
import secrets
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

TECHNOLOGIES = (
    "Ada", "C", "C++", "Clojure", "COBOL", "Crystal", "Elixir", "Erlang", "Go", "Haskell", "Java",
    "JavaScript", "Kotlin", "Lua", "Node", "OCaml", "Perl", "PHP", "PostgreSQL", "Python", "Redis", "Ruby",
    "Rust", "Scala", "Zig",
)  # fmt: skip
LETTERS = string.ascii_letters
LETTERS_AND_SPACES = LETTERS + " "
LONGEST_NICKNAME, TOO_LONG_NICKNAME = 32, 35
LONGEST_NAME, TOO_LONG_NAME = 100, 120
FAULT_SHARE = 0.01  # of each of the four planted faults, each drawn by itself

MARK_LENGTH = 5  # 52**5 runs: two of them on one store do not meet by chance

CREATED, MALFORMED, UNACCEPTABLE = 201, 400, 422


@dataclass(frozen=True, slots=True)
class Person:
    """One body to send, and the status it earns if nobody has its nickname yet (201, 400 or 422)."""

    nickname: str
    body: bytes
    status: int


def fresh_mark() -> str:
    """Letters that make a run's nicknames its own on a store that already has people; unseeded, so new."""
    return "".join(secrets.choice(LETTERS) for _ in range(MARK_LENGTH))


def people(seed: int, prefix: str = "") -> Iterator[Person]:
    """The endless sequence of people that `seed` stands for.

    A prefix is put before each nickname, whose end gives way where it would pass 32 letters (35 for the too
    long). Short nicknames thus repeat exactly as often with a prefix as without one.
    """
    rng = random.Random(f"people {seed}")
    while True:
        yield _person(rng, prefix)


def stored(sent: Iterable[Person]) -> int:
    """How many people a right server keeps of these: whoever wins an equal nickname, it is one person."""
    return len({person.nickname for person in sent if person.status == CREATED})


def terms(seed: int) -> Iterator[str]:
    """The endless sequence of search terms: 1 to 50 random letters and spaces, so most find nobody."""
    rng = random.Random(f"terms {seed}")
    while True:
        yield _text(rng, LETTERS_AND_SPACES, rng.randint(1, 50))


def _person(rng: random.Random, prefix: str) -> Person:
    statuses = {CREATED}
    nickname = (prefix + _text(rng, LETTERS, rng.randint(1, LONGEST_NICKNAME)))[:LONGEST_NICKNAME]
    if rng.random() < FAULT_SHARE:
        nickname = (prefix + _text(rng, LETTERS, TOO_LONG_NICKNAME))[:TOO_LONG_NICKNAME]
        statuses.add(UNACCEPTABLE)
    name = _text(rng, LETTERS_AND_SPACES, rng.randint(1, LONGEST_NAME))
    if rng.random() < FAULT_SHARE:
        name = _text(rng, LETTERS_AND_SPACES, TOO_LONG_NAME)
        statuses.add(UNACCEPTABLE)
    born: object
    born, is_date = _birth(rng)
    if rng.random() < FAULT_SHARE:
        born, is_date = _broken_date(rng), False
    if not is_date:
        statuses.add(MALFORMED)
    stack: object = rng.choices(TECHNOLOGIES, k=rng.randint(1, 26)) if rng.random() < 26 / 27 else None
    if rng.random() < FAULT_SHARE:
        stack, status = _broken_stack(rng)
        statuses.add(status)
    body = {"apelido": nickname, "nome": name, "nascimento": born, "stack": stack}
    # Where faults meet, a 400 wins over a 422, and either over a 201.
    verdict = next(status for status in (MALFORMED, UNACCEPTABLE, CREATED) if status in statuses)
    return Person(nickname, json.dumps(body, separators=(",", ":")).encode(), verdict)


def _text(rng: random.Random, alphabet: str, length: int) -> str:
    return "".join(rng.choices(alphabet, k=length))


def _birth(rng: random.Random) -> tuple[str, bool]:
    """A date as the tournament draws it, and whether there is one: month 13 and some 29ths are none."""
    year, month, day = rng.randint(1940, 2020), rng.randint(1, 13), rng.randint(1, 29)
    exists = month != 13 and (month != 2 or day != 29 or calendar.isleap(year))
    return f"{year}-{month:02}-{day:02}", exists


def _broken_date(rng: random.Random) -> object:
    year = rng.randint(1940, 2020)
    return rng.choice(
        (f"{year}-1-9", f"07/05/{year}", f"{year}-06-31", f"{year}-00-10", f"{year}-10-20 ", "hoje", year)
    )


def _broken_stack(rng: random.Random) -> tuple[object, int]:
    """A stack no server may take, and the status it earns: a wrong type 400, a wrong length 422."""
    choices: tuple[tuple[object, int], ...] = (
        ("PHP", MALFORMED),
        (["PHP", 1], MALFORMED),
        ([None], MALFORMED),
        ({"PHP": 1}, MALFORMED),
        (["Go", ""], UNACCEPTABLE),
        (["Go", "x" * 33], UNACCEPTABLE),
    )
    return rng.choice(choices)
