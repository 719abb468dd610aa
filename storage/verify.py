"""Whether everything in a store agrees with everything else."""

from collections.abc import Iterator

from lmdb import Transaction

from index import segment, signature, term_log
from storage import records
from storage.environment import HEAD_KEY, Environment
from storage.records import RecordError


def verify(environment: Environment) -> Iterator[str]:
    """One line a fault, in one snapshot: checksums, numbering, people, nicknames, terms, signatures."""
    with environment.lmdb.begin(buffers=True) as snapshot:
        by_sequence: dict[int, bytes] = {}
        for key, stored in snapshot.cursor(environment.people):
            yield from _person(bytes(key), bytes(stored), by_sequence)
        people = len(by_sequence)
        stored_head = snapshot.get(HEAD_KEY, db=environment.meta)
        head = records.unpack_head(None if stored_head is None else bytes(stored_head))
        if head.sequence != people or set(by_sequence) != set(range(1, people + 1)):
            yield f"sequence: the head says {head.sequence}, {people} people have other numbers"
        yield from _nicknames(environment, snapshot)
        yield from _terms(environment, snapshot, by_sequence)
        yield from _signatures(environment, snapshot, term_log.sealed(people))


def _person(key: bytes, stored: bytes, by_sequence: dict[int, bytes]) -> Iterator[str]:
    try:
        sequence, document = records.verify_person(key, stored)
    except RecordError as error:
        yield f"person {records.format_id(key)}: {error}"
        return
    if sequence in by_sequence:
        yield f"person {records.format_id(key)}: sequence {sequence} is another's too"
    if records.format_id(key).encode() not in document:
        yield f"person {records.format_id(key)}: the document has another id"
    by_sequence[sequence] = key


def _nicknames(environment: Environment, snapshot: "Transaction[memoryview]") -> Iterator[str]:
    named = set()
    for nickname, value in snapshot.cursor(environment.nicknames):
        key = bytes(value)
        if snapshot.get(key, db=environment.people) is None:
            yield f"nickname {bytes(nickname)!r}: nobody has its id"
        if records.bucket(bytes(nickname)) != int.from_bytes(key, "big") & 0xFFF:
            yield f"nickname {bytes(nickname)!r}: its id is in another bucket"
        if key in named:
            yield f"nickname {bytes(nickname)!r}: its person has another nickname"
        named.add(key)
    if len(named) != snapshot.stat(environment.people)["entries"]:
        yield "nicknames: somebody has none"


def _terms(
    environment: Environment, snapshot: "Transaction[memoryview]", by_sequence: dict[int, bytes]
) -> Iterator[str]:
    expected = 1
    for number, stored in snapshot.cursor(environment.terms):
        first = int.from_bytes(bytes(number), "big")
        try:
            part = segment.verify(stored)
        except segment.SegmentError as error:
            yield f"segment {first}: {error}"
            return
        if first != expected:
            yield f"segment {first}: entries {expected} and following are missing or twice"
        for position in range(len(part.offsets)):
            if by_sequence.get(first + position) != part.key(position):
                yield f"segment {first}: entry {first + position} is not the person of that number"
        expected = first + len(part.offsets)
    if expected != len(by_sequence) + 1:
        yield f"terms: {expected - 1} entries for {len(by_sequence)} people"


def _signatures(environment: Environment, snapshot: "Transaction[memoryview]", sealed: int) -> Iterator[str]:
    """Faults of the signatures there are; a segment without one is only slower to search."""
    for key, stored in snapshot.cursor(environment.signatures):
        number = int.from_bytes(bytes(key), "big")
        text = snapshot.get(bytes(key), db=environment.terms)
        if text is None:
            yield f"signature {number}: there is no such segment"
            continue
        if number > sealed:
            yield f"signature {number}: its segment may still change"
        try:
            signature.verify(stored)
            if signature.build(segment.read(text)) != bytes(stored):
                yield f"signature {number}: it is not that of its segment"
        except (signature.SignatureError, segment.SegmentError) as error:
            yield f"signature {number}: {error}"
