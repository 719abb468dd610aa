"""What is wrong with the answers: the contract's word on each, and on all who shared a nickname together.

Pure functions over finished exchanges; they run after the load has ended.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import orjson

from goseventh.bench.open_load import foreign
from goseventh.bench.open_load.exchange import Exchange, Fault
from goseventh.bench.open_load.schedule import Kind
from goseventh.bench.open_load.searches import FIELDS, parsed, unfound, wrong_hits
from goseventh.bench.people import CREATED, UNACCEPTABLE, Person

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

UNENDED = "no answer: none"
"""Of a request whose answer was neither there nor given up when the load ended."""


def judge(
    people: Sequence[Person], terms: Sequence[str], exchanges: Iterable[Exchange], *, strict: bool = True
) -> list[Fault]:
    """Each wrong or missing answer, at most one fault for each exchange.

    `strict`: by our own contract, else only by what the tournament asks of everybody.
    """
    sent = list(exchanges)
    created = {
        exchange.index: exchange for exchange in sent if exchange.kind is Kind.CREATE and exchange.created
    }
    rivals: defaultdict[str, list[tuple[Exchange, bool]]] = defaultdict(list)
    faults: list[Fault] = []
    right: list[Exchange] = []
    for exchange in sent:
        if exchange.missing:
            what = f"no answer: {exchange.fault}" if exchange.fault else UNENDED
        elif strict:
            what = exchange.fault or _wrong(exchange, people, terms, created)
        else:
            what = exchange.fault or foreign.wrong(exchange, people)
        if what:
            example = _example(exchange, people, terms)
            faults.append(Fault(exchange.kind, what, example, exchange.missing))
        else:
            right.append(exchange)
        if exchange.kind is Kind.CREATE and people[exchange.index].status == CREATED:
            rivals[people[exchange.index].nickname].append((exchange, not what))
    for nickname, answers in rivals.items():
        faults += [Fault(Kind.CREATE, what, f"apelido {nickname}") for what in _rivalry(answers, strict)]
    return faults + (list(unfound(people, terms, right)) if strict else [])


def _wrong(
    exchange: Exchange, people: Sequence[Person], terms: Sequence[str], created: dict[int, Exchange]
) -> str:
    """What is wrong with this answer taken alone; "" when nothing is."""
    match exchange.kind:
        case Kind.CREATE:
            return _wrong_creation(exchange, people[exchange.index])
        case Kind.READ:
            if exchange.status != 200:
                return f"status {exchange.status}, not 200"
            same = exchange.body == created[exchange.index].body
            return "" if same else "body is not the one that the creation answered"
        case Kind.SEARCH:
            return wrong_hits(exchange, terms[exchange.index])
        case Kind.NO_TERM:
            return _wrong_problem(exchange, 400)


def _wrong_creation(exchange: Exchange, person: Person) -> str:
    if person.status != CREATED:
        return _wrong_problem(exchange, person.status)
    if exchange.status != CREATED:
        # Of equal nicknames any may win; that exactly one did is for _rivalry.
        return _wrong_problem(exchange, UNACCEPTABLE, "201 or 422")
    got = parsed(exchange.body)
    if (
        not isinstance(got, dict)
        or list(got) != FIELDS
        or got != {"id": got["id"], **orjson.loads(person.body)}
    ):
        return "body is not the person that was sent, id first"
    if not isinstance(got["id"], str) or not UUID.fullmatch(got["id"]):
        return "id is no UUID"
    return "" if exchange.location == f"/pessoas/{got['id']}" else "Location is not /pessoas/{id} of the body"


def _wrong_problem(exchange: Exchange, status: int, expected: str = "") -> str:
    if exchange.status != status:
        return f"status {exchange.status}, not {expected or status}"
    if exchange.content_type.partition(";")[0].strip().lower() != "application/problem+json":
        return "error is not application/problem+json"
    problem = parsed(exchange.body)
    whole = isinstance(problem, dict) and problem.keys() >= {"type", "title", "status", "detail"}
    right = whole and problem["status"] == exchange.status
    return "" if right else "problem lacks type, title, status or detail"


def _rivalry(answers: Sequence[tuple[Exchange, bool]], strict: bool) -> Iterator[str]:
    """The faults of all who sent one nickname, each given with whether its answer is right taken alone."""
    winners = [(exchange, right) for exchange, right in answers if exchange.created]
    for _ in winners[1:]:
        yield "nickname accepted more than once"
    if strict and len(winners) == 1 and winners[0][1]:
        for loser, right in answers:
            if right and not loser.created and parsed(loser.body).get("existing") != winners[0][0].location:
                yield "`existing` is not the path of the person who has the nickname"
    elif not winners and all(right for _, right in answers):  # else a lost answer may have been the 201
        yield "nickname refused though nobody has it"


def _example(exchange: Exchange, people: Sequence[Person], terms: Sequence[str]) -> str:
    match exchange.kind:
        case Kind.CREATE | Kind.READ:
            return f"apelido {people[exchange.index].nickname}"
        case Kind.SEARCH:
            return f"term {terms[exchange.index]!r}"
        case Kind.NO_TERM:
            return f"the {exchange.index + 1}. of them"
