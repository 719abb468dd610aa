import datetime
import json
import re
from itertools import islice
from typing import Any

import pytest

from goseventh.bench import people

AMOUNT = 20_000


@pytest.fixture(scope="module", params=["", "AbCdE"])
def sample(request: pytest.FixtureRequest) -> list[people.Person]:
    return list(islice(people.people(7, request.param), AMOUNT))


def fields(person: people.Person) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(person.body)
    return found


def by_the_contract(body: dict[str, Any]) -> int:
    """The contract's table, written down once more and in another way than the generator's."""
    stack = [] if body["stack"] is None else body["stack"]
    if not isinstance(stack, list) or not all(isinstance(name, str) for name in stack):
        return 400
    born = body["nascimento"]
    if not isinstance(born, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", born):
        return 400
    try:
        datetime.date.fromisoformat(born)
    except ValueError:
        return 400
    texts = [(body["apelido"], 32), (body["nome"], 100), *((name, 32) for name in stack)]
    return 201 if all(0 < len(text) <= most for text, most in texts) else 422


def test_knows_what_the_contract_says_of_each(sample: list[people.Person]) -> None:
    for person in sample:
        assert person.status == by_the_contract(fields(person)), person.body


def test_a_body_holds_the_four_fields_and_its_nickname(sample: list[people.Person]) -> None:
    for person in sample[:500]:
        assert list(fields(person)) == ["apelido", "nome", "nascimento", "stack"]
        assert fields(person)["apelido"] == person.nickname


def test_has_the_tournaments_statistics(sample: list[people.Person]) -> None:
    bodies = [fields(person) for person in sample]
    near_one_percent = pytest.approx(AMOUNT * 0.01, rel=0.4)
    assert sum(len(body["apelido"]) == 35 for body in bodies) == near_one_percent
    assert sum(len(body["nome"]) == 120 for body in bodies) == near_one_percent
    assert {len(body["nome"]) for body in bodies} == {*range(1, 101), 120}
    assert max(len(body["apelido"]) for body in bodies if len(body["apelido"]) != 35) == 32
    assert all(re.fullmatch("[A-Za-z]+", body["apelido"]) for body in bodies)
    assert all(re.fullmatch("[A-Za-z ]+", body["nome"]) for body in bodies)
    named = [body["stack"] for body in bodies if body["stack"] is not None and by_the_contract(body) == 201]
    assert {len(stack) for stack in named} == set(range(1, 27))
    assert {name for stack in named for name in stack} == set(people.TECHNOLOGIES)
    assert len(set(people.TECHNOLOGIES)) == 25
    assert any(len(set(stack)) < len(stack) for stack in named)
    assert sum(body["stack"] is None for body in bodies) > AMOUNT * 0.02


def test_dates_reach_from_1940_to_2020_and_past_the_calendar(sample: list[people.Person]) -> None:
    born = [str(fields(person)["nascimento"]) for person in sample]
    drawn = [re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", date) for date in born]
    years, months, days = zip(*(map(int, match.groups()) for match in drawn if match), strict=True)
    assert set(years) == set(range(1940, 2021))
    assert set(months) - {0} == set(range(1, 14))
    assert set(days) - {31} == set(range(1, 30))
    leap_days = [person for person in sample if re.match(r"\d{4}-02-29", str(fields(person)["nascimento"]))]
    assert {person.status for person in leap_days} >= {201, 400}


def test_short_nicknames_repeat_and_count_once() -> None:
    sent = list(islice(people.people(1), AMOUNT))
    accepted = [person.nickname for person in sent if person.status == 201]
    assert people.stored(sent) == len(set(accepted)) < len(accepted)


def test_a_prefix_changes_neither_who_is_valid_nor_how_many_repeat() -> None:
    plain, prefixed = (list(islice(people.people(3, prefix), AMOUNT)) for prefix in ("", "QwErT"))
    assert [person.status for person in plain] == [person.status for person in prefixed]
    assert people.stored(plain) == people.stored(prefixed)
    assert all(person.nickname.startswith("QwErT") for person in prefixed)
    assert {len(person.nickname) for person in prefixed} == {*range(6, 33), 35}


def test_a_seed_is_a_sequence() -> None:
    first, again, other = (list(islice(people.people(seed), 200)) for seed in (1, 1, 2))
    assert first == again != other
    assert list(islice(people.terms(1), 50)) == list(islice(people.terms(1), 50))


def test_prefixes_are_fresh() -> None:
    assert len({people.fresh_mark() for _ in range(50)}) == 50


def test_terms_are_one_to_fifty_letters_and_spaces() -> None:
    terms = list(islice(people.terms(5), 5_000))
    assert {len(term) for term in terms} == set(range(1, 51))
    assert all(re.fullmatch("[A-Za-z ]+", term) for term in terms)
