"""People by the thousand in one transaction, with ids of their own where they bring one."""

from collections.abc import Sequence
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


class _Known(NamedTuple):
    """Who is in the store, of those whom a group may meet."""

    holders: dict[bytes, bytes]
    """Nickname → id"""
    documents: dict[bytes, bytes]
    """Id → document"""


def judge(environment: Environment, snapshot: "Transaction[bytes]", group: Sequence[Given]) -> list[Fate]:
    """What would become of each of `group`, were they added one after the other."""
    fates, _ = _judge(environment, snapshot, group)
    return fates


def add(environment: Environment, transaction: "Transaction[bytes]", group: Sequence[Given]) -> list[Fate]:
    """Writes whom nobody is in the way of; what became of each, in order.

    Ids that are made here follow the store's clock, which those that are kept never move. Raises lmdb.Error
    as `people.apply` does.
    """
    fates, new = _judge(environment, transaction, group)
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
    environment: Environment, snapshot: "Transaction[bytes]", group: Sequence[Given]
) -> tuple[list[Fate], list[Given]]:
    """What becomes of each, and those who are new."""
    known = _known(environment, snapshot, group)
    holders, documents = known
    fates: list[Fate] = []
    new: list[Given] = []
    # Of those who are new and have no id yet, by nickname.
    nameless: dict[bytes, Record] = {}
    for given in group:
        record, key = given
        holder = holders.get(record.nickname)
        if (other := nameless.get(record.nickname)) is not None:
            fates.append(Fate.THERE if key is None and record == other else Fate.NICKNAME_TAKEN)
        elif holder is not None:
            same = key in (None, holder) and documents.get(holder) == records.keep_id(record, holder).document
            fates.append(Fate.THERE if same else Fate.NICKNAME_TAKEN)
        elif key is not None and key in documents:
            fates.append(Fate.ID_TAKEN)
        else:
            fates.append(Fate.ADDED)
            new.append(given)
            if key is None:
                nameless[record.nickname] = record
            else:
                holders[record.nickname] = key
                documents[key] = records.keep_id(record, key).document
    return fates, new


def _known(environment: Environment, snapshot: "Transaction[bytes]", group: Sequence[Given]) -> _Known:
    holders = _get(snapshot, environment.nicknames, {given.record.nickname for given in group})
    keys = {given.id for given in group if given.id is not None}
    stored = _get(snapshot, environment.people, keys.union(holders.values()))
    return _Known(holders, {key: records.document(value) for key, value in stored.items()})


def _get(snapshot: "Transaction[bytes]", database: _Database, keys: set[bytes]) -> dict[bytes, bytes]:
    with snapshot.cursor(database) as cursor:
        return dict(cursor.getmulti(sorted(keys)))


def _put(
    transaction: "Transaction[bytes]", database: _Database, items: Sequence[tuple[bytes, bytes]]
) -> None:
    """Adds what is not there."""
    with transaction.cursor(database) as cursor:
        cursor.putmulti(items, overwrite=False)
