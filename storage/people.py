"""People in transactions: create them in one, get, count and search in any snapshot."""

import math
import os
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

from lmdb import Transaction

from index import fuzzy, substring, term_log
from index.fuzzy import Source
from index.kept import Kept
from index.outlined import Outlined, source
from index.segment import Entry
from storage import records
from storage.environment import HEAD_KEY, Environment
from storage.records import Head, Person, Record

# In a line of the log.
_MOST_NAMED = 5


class Created(NamedTuple):
    """The record was taken, under a new id."""

    id: bytes
    document: bytes


class Taken(NamedTuple):
    """Somebody else has the nickname; nothing was written."""

    id: bytes


def apply(
    environment: Environment, transaction: "Transaction[bytes]", group: Sequence[Record]
) -> list[Created | Taken]:
    """Writes people, nicknames and terms of a group, each member by itself; one outcome a member, in order.

    Raises lmdb.Error when map or disk fail: then the whole transaction must be aborted.
    """
    head = read_head(environment, transaction)
    sequence, clock = head.sequence, max(head.clock, records.clock_now())
    outcomes: list[Created | Taken] = []
    entries: list[Entry] = []
    for record, noise in zip(group, noises(len(group)), strict=True):
        # Ids rise strictly over all workers: the clock goes on from the last one, whoever made it.
        person = records.give_id(record, clock + 1, noise)
        if _put(environment, transaction, person, sequence + 1):
            sequence, clock = sequence + 1, clock + 1
            entries.append((person.id, person.text))
            outcomes.append(Created(person.id, person.document))
        else:
            outcomes.append(Taken(holder(environment, transaction, record.nickname) or b""))
    _append(environment, transaction, head, entries, clock)
    return outcomes


def settle(
    environment: Environment, transaction: "Transaction[bytes]", people: Sequence[Person], clock: int
) -> list[Person]:
    """Writes people who have ids already, unless they are there, and returns those whose nickname is taken.

    `clock` is the id clock that their ids come from, 0 if it is not the store's. Raises as `apply` does.
    """
    head = read_head(environment, transaction)
    sequence = head.sequence
    entries: list[Entry] = []
    refused: list[Person] = []
    for person in people:
        if _put(environment, transaction, person, sequence + 1):
            sequence += 1
            entries.append((person.id, person.text))
        elif holder(environment, transaction, person.nickname) != person.id:
            refused.append(person)
    _append(environment, transaction, head, entries, max(head.clock, clock))
    return refused


def some_ids(people: Sequence[Person]) -> str:
    """The ids of the first few, for a line of the log."""
    return ", ".join(records.format_id(person.id) for person in people[:_MOST_NAMED])


def noises(count: int) -> Sequence[int]:
    """Random bits for `count` ids, 64 each, by one system call."""
    return memoryview(os.urandom(8 * count)).cast("Q")


def read_head(environment: Environment, snapshot: "Transaction[bytes]") -> Head:
    """What the next transaction counts on from."""
    return records.unpack_head(snapshot.get(HEAD_KEY, db=environment.meta))


def holder(environment: Environment, snapshot: "Transaction[bytes]", nickname: bytes) -> bytes | None:
    """The id of the person who has the nickname."""
    return snapshot.get(nickname, db=environment.nicknames)


def get(environment: Environment, snapshot: "Transaction[bytes]", key: bytes) -> bytes | None:
    """The document of the person with this id."""
    stored = snapshot.get(key, db=environment.people)
    return None if stored is None else records.document(stored)


def count(environment: Environment, snapshot: "Transaction[Any]") -> int:
    """How many people there are."""
    return snapshot.stat(environment.people)["entries"]


def sequence(environment: Environment, snapshot: "Transaction[Any]", key: bytes) -> int | None:
    """The sequence number of the person with this id."""
    stored = snapshot.get(key, db=environment.people)
    return None if stored is None else records.sequence(stored)


def search(
    environment: Environment,
    snapshot: "Transaction[memoryview]",
    needle: bytes,
    limit: int,
    *,
    after: int = 0,
    kept: Kept | None = None,
    deadline: float = math.inf,
    budget: float = math.inf,
) -> list[bytes]:
    """Documents of the first `limit` people whose text contains `needle`, oldest first.

    Only of those with a sequence number above `after`. `kept` is this process's, for this store. Raises
    TimeoutError and OverBudgetError as `substring.search` does.
    """
    found = substring.search(
        snapshot,
        environment.terms,
        needle,
        limit,
        first=after + 1,
        signatures=environment.signatures,
        kept=kept,
        deadline=deadline,
        budget=budget,
    )
    # One call for all is a third faster than one each.
    stored = snapshot.cursor(environment.people).getmulti(found)
    return [records.document(bytes(person)) for _, person in stored]


def resembling(
    environment: Environment,
    snapshot: "Transaction[memoryview]",
    term: str,
    limit: int,
    *,
    outlined: Outlined,
    kept: Kept | None = None,
    recent: Sequence[Person] = (),
    deadline: float = math.inf,
) -> list[bytes]:
    """Documents of the `limit` people who resemble `term` most, the best first; of equals the oldest.

    `outlined` and `kept` are this process's, for this store; `recent` are people who are not in the snapshot.
    Raises TimeoutError past `deadline`, by the monotonic clock.
    """
    sources: Iterable[Source] = outlined.sources(
        snapshot, environment.terms, environment.outlines, deadline, kept
    )
    if recent:
        newest = source(count(environment, snapshot) + 1, [(one.id, one.text) for one in recent])
        sources = chain(sources, [newest])
    waiting = {person.id: person.document for person in recent}
    return [
        waiting.get(key) or records.document(bytes(snapshot.get(key, b"", db=environment.people)))
        for key in fuzzy.search(sources, term, limit, deadline)
    ]


def _put(environment: Environment, transaction: "Transaction[bytes]", person: Person, sequence: int) -> bool:
    """Writes nickname and person; False, with nothing written, if the nickname is taken."""
    if not transaction.put(person.nickname, person.id, overwrite=False, db=environment.nicknames):
        return False
    stored = records.pack_person(person.id, sequence, person.document)
    transaction.put(person.id, stored, db=environment.people)
    return True


def _append(
    environment: Environment,
    transaction: "Transaction[bytes]",
    head: Head,
    entries: Sequence[Entry],
    clock: int,
) -> None:
    if entries:
        term_log.append(transaction, environment.terms, head.sequence + 1, entries)
        new = Head(head.sequence + len(entries), clock)
        transaction.put(HEAD_KEY, records.pack_head(new), db=environment.meta)
