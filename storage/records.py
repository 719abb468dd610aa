"""The byte grammar of ids, keys and values, and what a record is before it has an id.

id      := UUIDv7 (RFC 9562): milliseconds 48 | version 4 | fraction of the millisecond 12 |
           variant 2 | random 50 | bucket 12                                    bits, big-endian;
           or whatever UUID an import keeps
person  := sequence u64 big-endian | CRC-32C of id, sequence and document u32 big-endian | document
head    := last sequence u64 | id clock u64, both big-endian
moved   := number u64 big-endian: up to whom the log of `write-behind` is in the store
"""

import re
import struct
from time import time_ns
from typing import NamedTuple
from zlib import crc32

import google_crc32c

FORMAT = 1
"""The version of everything above, of the databases' names and of the segments; kept in the store."""

ID_SIZE = 16
_PERSON = struct.Struct(">QI")
_HEAD = struct.Struct(">QQ")
_NANOSECONDS = 1_000_000
_FRACTIONS = 4096
UUID = r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
"""A regular expression of an id as it is written."""
UUID_LENGTH = 36
"""Characters of it."""
_IS_UUID = re.compile(UUID)
_VERSION = 7
_VARIANT = 0b10
_NOISE = (1 << 50) - 1
LAST_CLOCK = (1 << 60) - 1
"""The latest time of the id clock that an id can hold."""


class RecordError(ValueError):
    """The bytes are not a record, or not the ones that were written."""


class Record(NamedTuple):
    """A person to be created: all that can be made ready outside a transaction."""

    nickname: bytes
    """The unique key: UTF-8, 1 to 511 bytes."""
    before: bytes
    """The document up to where its id stands."""
    after: bytes
    """The document from behind its id."""
    text: bytes
    """What searches see, from `index.text.searchable`."""

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return len(self.before) + len(self.after) + len(self.text)


class Person(NamedTuple):
    """A record that has its id, and so a whole document."""

    id: bytes
    nickname: bytes
    document: bytes
    text: bytes

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return len(self.document) + len(self.text)


class Head(NamedTuple):
    """What the next transaction counts on from."""

    sequence: int
    """How many people were ever created: the sequence number of the last."""
    clock: int
    """The time of the last id made here, in 1/4096 ms since 1970; ids kept by an import never move it."""


def clock_now() -> int:
    """The id clock's time: 1/4096 ms since 1970, 60 bits."""
    return time_ns() * _FRACTIONS // _NANOSECONDS


def make_id(clock: int, noise: int, nickname: bytes) -> bytes:
    """The id for `clock` (1/4096 ms since 1970): 16 bytes that rise with it and end in the nickname's bucket.

    `noise` gives the 50 random bits between.

    By RFC 9562, 6.2, method 3: the fraction of the millisecond stands in `rand_a`.
    """
    milliseconds, fraction = divmod(clock, _FRACTIONS)
    high = milliseconds << 16 | _VERSION << 12 | fraction
    low = _VARIANT << 62 | (noise & _NOISE) << 12 | bucket(nickname)
    return (high << 64 | low).to_bytes(ID_SIZE, "big")


def give_id(record: Record, clock: int, noise: int) -> Person:
    """The person that a record becomes at `clock`; arguments as of `make_id`."""
    return keep_id(record, make_id(clock, noise, record.nickname))


def keep_id(record: Record, key: bytes) -> Person:
    """The person that a record becomes under an id that was made elsewhere."""
    document = b"%b%b%b" % (record.before, format_id(key).encode(), record.after)
    return Person(key, record.nickname, document, record.text)


def bucket(nickname: bytes) -> int:
    """12 bits that the nickname and its id share, so that either tells the shard."""
    return crc32(nickname) & 0xFFF


def bucket_of(key: bytes) -> int:
    """The bucket within an id: that of its nickname, if the id was made here."""
    return int.from_bytes(key[-2:], "big") & 0xFFF


def format_id(key: bytes) -> str:
    """The 8-4-4-4-12 form of an id."""
    text = key.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def parse_id(written: str) -> bytes | None:
    """The id in its 8-4-4-4-12 form, in either case; None if it is none."""
    return bytes.fromhex(written.replace("-", "")) if _IS_UUID.fullmatch(written) else None


def pack_person(key: bytes, sequence: int, document: bytes) -> bytes:
    """The stored value of a person."""
    return _PERSON.pack(sequence, _checksum(key, sequence, document)) + document


def document(stored: bytes) -> bytes:
    """The document within a stored person, unchecked: the very bytes that were acknowledged."""
    return stored[_PERSON.size :]


def sequence(stored: bytes) -> int:
    """The sequence number within a stored person, unchecked."""
    return int.from_bytes(stored[:8], "big")


def verify_person(key: bytes, stored: bytes) -> tuple[int, bytes]:
    """Sequence number and document of a stored person; RecordError if a byte of it differs."""
    try:
        number, checksum = _PERSON.unpack_from(stored)
    except struct.error as error:
        raise RecordError("shorter than its header") from error
    if checksum != _checksum(key, number, document(stored)):
        raise RecordError("checksum differs")
    return number, document(stored)


def pack_head(head: Head) -> bytes:
    """The stored value of the head."""
    return _HEAD.pack(*head)


def unpack_head(stored: bytes | None) -> Head:
    """The head as stored; that of an empty store for None. RecordError if it is no head."""
    try:
        return Head(*_HEAD.unpack(stored)) if stored is not None else Head(0, 0)
    except struct.error as error:
        raise RecordError("the head has a wrong length") from error


def pack_moved(number: int) -> bytes:
    """How far the log is in the store, as stored."""
    return number.to_bytes(8, "big")


def unpack_moved(stored: bytes | None) -> int:
    """The same as a number; 0 for None, where there never was a log."""
    return int.from_bytes(stored or b"", "big")


def _checksum(key: bytes, number: int, text: bytes) -> int:
    return int(google_crc32c.value(key + number.to_bytes(8, "big") + text))
