"""The byte grammar of the pending log: people who were answered before they are durable.

    log    := frame*                                    a file `pending-NNNNNNNN.log`, integers little-endian
    frame  := length u32 | CRC-32C of body u32 | body
    body   := "P" moment u64 | clock u64 | sequence u64 | people u32 | person*        a group
            | "M"                                       moved: the log goes on in the file of the next number
    person := id 16 | lengths of nickname, document, text u32 each | nickname document text

`moment` is CLOCK_MONOTONIC in ns, the same for all processes since the machine started; `clock` is the id
clock after the group; `sequence` is the number of its first person, counted in the log alone. Nothing is ever
flushed: the page cache outlives every process, and what a power cut takes is what write-behind says it may.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import google_crc32c

from storage.errors import TooLarge
from storage.records import ID_SIZE, Person

_FRAME = struct.Struct("<II")
HEAD_SIZE = _FRAME.size
"""Bytes of a frame before its body."""
_GROUP = struct.Struct("<cQQQI")
_PERSON = struct.Struct(f"<{ID_SIZE}sIII")
_MOVED = b"M"
# Nobody packs a longer one: so a length beyond it is damage, not a reason to read on.
_FRAME_LIMIT = 256 << 20


class Group(NamedTuple):
    """People who were answered together."""

    moment: int
    clock: int
    sequence: int
    people: Sequence[Person]

    @property
    def last(self) -> int:
        """The sequence number of its last person."""
        return self.sequence + len(self.people) - 1


def waiting(groups: Sequence[Group], sequence: int) -> list[Person]:
    """The people beyond number `sequence`, whom the store does not have yet if it is so far."""
    found: list[Person] = []
    for group in groups:
        found += group.people[max(0, sequence + 1 - group.sequence) :]
    return found


def oldest(groups: Sequence[Group], sequence: int) -> int | None:
    """When the first group with anybody beyond `sequence` was appended, by the monotonic clock in ns."""
    return next((group.moment for group in groups if group.last > sequence), None)


def pack(group: Group) -> bytes:
    """The frame of a group; raises TooLarge for one that `frames` would not read."""
    parts = [_GROUP.pack(b"P", group.moment, group.clock, group.sequence, len(group.people))]
    for person in group.people:
        lengths = (len(person.nickname), len(person.document), len(person.text))
        parts += (_PERSON.pack(person.id, *lengths), person.nickname, person.document, person.text)
    if (size := sum(map(len, parts))) > _FRAME_LIMIT:
        raise TooLarge(f"the log takes no {size} bytes at once")
    return _frame(b"".join(parts))


def frames(stored: bytes) -> Iterator[tuple[Group | None, int]]:
    """Each whole frame and where it ends: a group, or None for the one that says the log goes on elsewhere.

    Ends before the first that is cut or damaged.
    """
    at = 0
    while at + _FRAME.size <= len(stored):
        length, checksum = _FRAME.unpack_from(stored, at)
        begin, at = at + _FRAME.size, at + _FRAME.size + length
        body = stored[begin:at]
        if not 0 < length <= _FRAME_LIMIT or len(body) < length or google_crc32c.value(body) != checksum:
            return
        try:
            found = None if body == _MOVED else _group(body)
        except (struct.error, ValueError):  # a checksum of 32 bits may fit what is no body
            return
        yield found, at


def may_be_cut(begin: bytes, size: int) -> bool:
    """Whether `size` bytes that are no whole frame may be the beginning of one; `begin` is theirs."""
    if len(begin) < _FRAME.size:
        return True
    length, _ = _FRAME.unpack_from(begin)
    return bool(0 < length <= _FRAME_LIMIT and size < _FRAME.size + length)


def _group(body: bytes) -> Group:
    kind, moment, clock, sequence, count = _GROUP.unpack_from(body)
    at = _GROUP.size
    people = []
    for _ in range(count):
        key, *lengths = _PERSON.unpack_from(body, at)
        at += _PERSON.size
        fields = []
        for length in lengths:
            fields.append(body[at : at + length])
            at += length
        people.append(Person(key, *fields))
    if kind != b"P" or at != len(body):
        raise ValueError("no group")
    return Group(moment, clock, sequence, people)


def moved() -> bytes:
    """The frame that ends a file whose log goes on in the next."""
    return _frame(_MOVED)


def _frame(body: bytes) -> bytes:
    return _FRAME.pack(len(body), google_crc32c.value(body)) + body
