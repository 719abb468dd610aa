"""What is wrong with the answers of somebody else's server: only what the tournament itself asks for.

Status, Location and whom a read returns. How an error looks, what a creation's body holds and in which order
fields come is our own contract, and `verdict.py` judges by that.
"""

from collections.abc import Mapping, Sequence

import orjson

from goseventh.bench.open_load.exchange import Exchange
from goseventh.bench.open_load.load import readable
from goseventh.bench.open_load.schedule import Kind
from goseventh.bench.open_load.searches import parsed
from goseventh.bench.people import CREATED, UNACCEPTABLE, Person


def wrong(exchange: Exchange, people: Sequence[Person]) -> str:
    """What is wrong with this answer taken alone; "" when nothing is."""
    match exchange.kind:
        case Kind.CREATE:
            return _wrong_creation(exchange, people[exchange.index])
        case Kind.READ:
            return _wrong_status(exchange, 200) or _wrong_person(exchange, people[exchange.index])
        case Kind.SEARCH:
            return _wrong_status(exchange, 200)
        case Kind.NO_TERM:
            return _wrong_status(exchange, 400)


def _wrong_creation(exchange: Exchange, person: Person) -> str:
    if person.status == CREATED and exchange.status == UNACCEPTABLE:
        return ""  # of equal nicknames any may win; that one did is judged over all of them
    if what := _wrong_status(exchange, person.status):
        return what
    return "" if not exchange.created or readable(exchange.location) else "Location is not /pessoas/{id}"


def _wrong_person(exchange: Exchange, person: Person) -> str:
    found, sent = parsed(exchange.body), orjson.loads(person.body)
    same = isinstance(found, Mapping) and all(_same(found.get(key), value) for key, value in sent.items())
    return "" if same else "body is not the person that was sent"


def _same(found: object, sent: object) -> bool:
    """Whoever has no stack may have none, null or an empty one."""
    return found == sent or (not found and sent in (None, []))


def _wrong_status(exchange: Exchange, status: int) -> str:
    return "" if exchange.status == status else f"status {exchange.status}, not {status}"
