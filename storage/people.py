"""People in transactions: create them in one, get, count and search in any snapshot."""

import math
import os
from collections.abc import Sequence
from typing import NamedTuple

from lmdb import Transaction

from index import substring, term_log
from storage import records
from storage.environment import HEAD_KEY, Environment
from storage.records import Head, Record


class Created(NamedTuple):
    """The record is in the transaction, under a new id."""

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
    head = records.unpack_head(transaction.get(HEAD_KEY, db=environment.meta))
    sequence, clock = head.sequence, max(head.clock, records.clock_now())
    outcomes: list[Created | Taken] = []
    entries: list[tuple[bytes, bytes]] = []
    noise = memoryview(os.urandom(8 * len(group))).cast("Q")  # one system call a group
    for record, bits in zip(group, noise, strict=True):
        # Ids rise strictly over all workers: the clock goes on from the last one, whoever made it.
        key = records.make_id(clock + 1, bits, record.nickname)
        if not transaction.put(record.nickname, key, overwrite=False, db=environment.nicknames):
            outcomes.append(Taken(bytes(transaction.get(record.nickname, b"", db=environment.nicknames))))
            continue
        clock += 1
        sequence += 1
        document = b"%b%b%b" % (record.before, records.format_id(key).encode(), record.after)
        transaction.put(key, records.pack_person(key, sequence, document), db=environment.people)
        entries.append((key, record.text))
        outcomes.append(Created(key, document))
    if entries:
        term_log.append(transaction, environment.terms, head.sequence + 1, entries)
        transaction.put(HEAD_KEY, records.pack_head(Head(sequence, clock)), db=environment.meta)
    return outcomes


def get(environment: Environment, snapshot: "Transaction[bytes]", key: bytes) -> bytes | None:
    """The document of the person with this id."""
    stored = snapshot.get(key, db=environment.people)
    return None if stored is None else records.document(stored)


def count(environment: Environment, snapshot: Transaction) -> int:
    """How many people there are."""
    return snapshot.stat(environment.people)["entries"]


def search(
    environment: Environment,
    snapshot: "Transaction[memoryview]",
    needle: bytes,
    limit: int,
    deadline: float = math.inf,
) -> list[bytes]:
    """Documents of the first `limit` people whose text contains `needle`, oldest first.

    Raises TimeoutError past `deadline`, by the monotonic clock.
    """
    found = substring.search(
        snapshot, environment.terms, needle, limit, signatures=environment.signatures, deadline=deadline
    )
    return [records.document(bytes(snapshot.get(key, b"", db=environment.people))) for key in found]
