"""People by the thousand in one transaction, with ids of their own where they bring one."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import NamedTuple

from lmdb import Transaction, _Database

from index import term_log
from storage import people, records
from storage.environment import HEAD_KEY, Environment
from storage.records import Head, Person, Record


class Given(NamedTuple):
    """A record, and the id that it must keep, if any."""

    record: Record
    id: bytes | None


class Fate(Enum):
    """What became of a given record."""

    ADDED = "added"
    THERE = "already there, the same"
    NICKNAME_TAKEN = "somebody else has this nickname"
    ID_TAKEN = "somebody else has this id"


Add = Callable[[Sequence[Given]], list[Fate]]
"""Has a group added, durably, and says what became of each."""


class Tables(NamedTuple):
    """Where it is looked up who is there."""

    people: _Database
    nicknames: _Database


class Known(NamedTuple):
    """Who is in the store, of those whom a group may meet."""

    holders: dict[bytes, bytes]
    """Nickname → id"""
    documents: dict[bytes, bytes]
    """Id → document"""


def judge(tables: Tables, snapshot: "Transaction[bytes]", group: Sequence[Given]) -> list[Fate]:
    """What would become of each of `group`, were they added one after the other."""
    fates, _ = _judge(tables, snapshot, group)
    return fates


def add(environment: Environment, transaction: "Transaction[bytes]", group: Sequence[Given]) -> list[Fate]:
    """Writes whom nobody is in the way of; what became of each, in order.

    Ids that are made here follow the store's clock, which those that are kept never move. Raises lmdb.Error
    as `people.apply` does.
    """
    fates, new = _judge(Tables(environment.people, environment.nicknames), transaction, group)
    if not new:
        return fates
    head = people.read_head(environment, transaction)
    clock = max(head.clock, records.clock_now())
    persons: list[Person] = []
    made = False
    for given, noise in zip(new, people.noises(len(new)), strict=True):
        if given.id is None:
            made = True
            clock += 1
            persons.append(records.give_id(given.record, clock, noise))
        else:
            persons.append(records.keep_id(given.record, given.id))
    numbered = enumerate(persons, head.sequence + 1)
    stored = [(one.id, records.pack_person(one.id, number, one.document)) for number, one in numbered]
    # In the order of their keys, neighbours in the tree are written while their page is at hand.
    _put(transaction, environment.people, sorted(stored))
    _put(transaction, environment.nicknames, sorted((one.nickname, one.id) for one in persons))
    term_log.append(
        transaction, environment.terms, head.sequence + 1, [(one.id, one.text) for one in persons]
    )
    new_head = Head(head.sequence + len(persons), clock if made else head.clock)
    transaction.put(HEAD_KEY, records.pack_head(new_head), db=environment.meta)
    return fates


def _judge(
    tables: Tables, snapshot: "Transaction[bytes]", group: Sequence[Given]
) -> tuple[list[Fate], list[Given]]:
    return decide(_known(tables, snapshot, group), group)


def decide(known: Known, group: Sequence[Given]) -> tuple[list[Fate], list[Given]]:
    """What becomes of each, and those who are new."""
    holders, documents = known
    fates: list[Fate] = []
    # Nickname → who is new and has it.
    new: dict[bytes, Given] = {}
    new_ids: set[bytes] = set()
    for given in group:
        record, key = given
        nickname = record.nickname
        if (other := new.get(nickname)) is not None:
            same = key in (None, other.id) and record == other.record
            fates.append(Fate.THERE if same else Fate.NICKNAME_TAKEN)
        elif (holder := holders.get(nickname)) is not None:
            same = key in (None, holder) and documents.get(holder) == records.keep_id(record, holder).document
            fates.append(Fate.THERE if same else Fate.NICKNAME_TAKEN)
        elif key is None:
            fates.append(Fate.ADDED)
            new[nickname] = given
        elif key in documents or key in new_ids:
            fates.append(Fate.ID_TAKEN)
        else:
            fates.append(Fate.ADDED)
            new[nickname] = given
            new_ids.add(key)
    return fates, list(new.values())


def _known(tables: Tables, snapshot: "Transaction[bytes]", group: Sequence[Given]) -> Known:
    holders = _get(snapshot, tables.nicknames, {given.record.nickname for given in group})
    keys = {given.id for given in group if given.id is not None}
    stored = _get(snapshot, tables.people, keys.union(holders.values()))
    return Known(holders, {key: records.document(value) for key, value in stored.items()})


def _get(snapshot: "Transaction[bytes]", database: _Database, keys: set[bytes]) -> dict[bytes, bytes]:
    with snapshot.cursor(database) as cursor:
        return dict(cursor.getmulti(sorted(keys)))


def _put(
    transaction: "Transaction[bytes]", database: _Database, items: Sequence[tuple[bytes, bytes]]
) -> None:
    """Adds what is not there."""
    with transaction.cursor(database) as cursor:
        cursor.putmulti(items, overwrite=False)
