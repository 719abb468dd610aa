"""All people of a store in the order of creation, whoever writes meanwhile."""

from collections.abc import Iterator

from lmdb import Transaction

from index.term_log import Walk
from storage import records
from storage.beside import Beside
from storage.errors import Faulty
from storage.records import ID_SIZE, RecordError, format_id


def documents(store: Beside, snapshot: "Transaction[bytes]") -> Iterator[bytes]:
    """Each person's document, checked; those who wait in the log come last. Raises Faulty for a damaged one.

    Takes the memory of one segment.
    """
    databases = store.databases(snapshot)
    number = 0
    with snapshot.cursor(databases["people"]) as people:
        for part in Walk(snapshot, databases["terms"]).slices(1, records.LAST_CLOCK):
            stored = bytes(part.part.keys)
            keys = [stored[at : at + ID_SIZE] for at in range(0, len(stored), ID_SIZE)]
            found = people.getmulti(keys)
            if len(found) < len(keys):
                raise Faulty(f"people after number {number} are missing: see what verify says")
            for key, value in found:
                number += 1
                yield _checked(key, value, number)
    if number != (there := snapshot.stat(databases["people"])["entries"]):
        raise Faulty(f"the searchable text has {number} people of {there}: see what verify says")
    for person in store.waiting(snapshot):
        yield person.document


def _checked(key: bytes, stored: bytes, number: int) -> bytes:
    try:
        found, document = records.verify_person(key, stored)
    except RecordError as error:
        raise Faulty(f"person {format_id(key)}: {error}; see what verify says") from error
    if found != number:
        raise Faulty(f"person {format_id(key)} has number {found} in place of {number}; see what verify says")
    return document
