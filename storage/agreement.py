"""Whether the records of a store are what was written, and all of them say the same.

A fault is said once. A nickname or an entry of the term log that leads to somebody else, or to nobody, is
said there, and not also at the person who misses it.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple

import lmdb
from lmdb import Transaction, _Database

from index import term_log
from index.entries import Entries
from storage import derived, records
from storage.audit import Progress
from storage.environment import HEAD_KEY, MOVED_KEY
from storage.records import Head, RecordError, format_id

Read = Callable[[bytes], tuple[bytes, bytes]]
"""Nickname and text (as of `index.text.searchable`) that a document stands for; ValueError if for none."""

_STEP = 1000


class _Claims(NamedTuple):
    """What a person's own record says."""

    number: int
    nickname: bytes
    text: bytes


class Agreement:
    """The check of one snapshot: one walk over people, nicknames, term log, derived tables each, at most."""

    def __init__(
        self,
        environment: lmdb.Environment,
        snapshot: "Transaction[memoryview]",
        read: Read,
        progress: Progress,
    ) -> None:
        """`snapshot` is one with buffers, and lives until the check ends."""
        self._snapshot = snapshot
        self._read = read
        self._progress = progress
        self._longest_key = environment.max_key_size()
        self._people, self._nicknames, self._terms, self._meta = (
            environment.open_db(name, snapshot, create=False)
            for name in (b"people", b"nicknames", b"terms", b"meta")
        )
        # A store from before there were such tables has no database for them.
        self._derived: dict[derived.Kind, _Database] = {}
        for kind in derived.KINDS:
            with suppress(lmdb.NotFoundError):
                self._derived[kind] = environment.open_db(kind.database.encode(), snapshot, create=False)
        self._entries = Entries()
        # How many nicknames and entries lead to the person whose they are: if all do, none leads elsewhere.
        self._nicknames_right = self._entries_right = 0

    def moved(self) -> int:
        """Up to which number of the log people are in the store."""
        stored = self._snapshot.get(MOVED_KEY, db=self._meta)
        return records.unpack_moved(None if stored is None else bytes(stored))

    def faults(self) -> Iterator[str]:
        """One line a fault."""
        for number, stored in self._each(self._terms, "segments", step=1):
            yield from self._entries.add(int.from_bytes(bytes(number), "big"), stored)
        yield from self._check_head()
        for key, stored in self._each(self._people, "people"):
            yield from self._check_person(bytes(key), bytes(stored))
        if self._nicknames_right < self._count(self._nicknames):
            for nickname, key in self._each(self._nicknames, "nicknames"):
                yield from self._wrong_nickname(bytes(nickname), bytes(key))
        if self._entries_right < self._entries.count:
            for place, found in self._entries.numbered():
                yield from self._wrong_entry(place, found)
        sealed = term_log.sealed(self._count(self._people))
        for kind, database in self._derived.items():
            stored_parts = self._each(database, kind.database)
            yield from derived.faults(kind, stored_parts, sealed, self._entries.slices)

    def _check_head(self) -> Iterator[str]:
        try:
            head = self._head()
        except RecordError as error:
            yield f"head: {error}"
            return
        if head.clock >= records.LAST_CLOCK:
            yield "head: no id can follow its clock"
        following = self._entries.following
        if following is not None and head.sequence != following - 1:
            yield f"head: the last number is {head.sequence}, and that of the last entry {following - 1}"
            if head.sequence >= following:
                self._entries.miss(head.sequence)

    def _head(self) -> Head:
        stored = self._snapshot.get(HEAD_KEY, db=self._meta)
        return records.unpack_head(None if stored is None else bytes(stored))

    def _check_person(self, key: bytes, stored: bytes) -> Iterator[str]:
        try:
            claims = self._claims(key, stored)
        except ValueError as error:
            yield f"{_person(key)}: {error}"
            return
        if format_id(key).encode() not in records.document(stored):
            yield f"{_person(key)}: its document has another id"
        yield from self._check_nickname(key, claims.nickname)
        yield from self._check_entry(key, claims)

    def _claims(self, key: bytes, stored: bytes) -> _Claims:
        """What a stored person says; raises ValueError if it can't be believed."""
        number, document = records.verify_person(key, stored)
        nickname, text = self._read(document)
        if not 0 < len(nickname) <= self._longest_key:
            raise ValueError("its nickname can't be a key")
        return _Claims(number, nickname, text)

    def _check_nickname(self, key: bytes, nickname: bytes) -> Iterator[str]:
        holder = self._snapshot.get(nickname, db=self._nicknames)
        if holder is None:
            yield f"{_person(key)}: its nickname {_shown(nickname)} is missing"
        elif bytes(holder) == key:
            self._nicknames_right += 1
        elif not any(self._wrong_nickname(nickname, bytes(holder))):
            yield f"{_person(key)}: its nickname {_shown(nickname)} is that of {_person(bytes(holder))}"

    def _check_entry(self, key: bytes, claims: _Claims) -> Iterator[str]:
        number = claims.number
        try:
            found = self._entries.find(number)
        except KeyError:
            yield f"{_person(key)}: there is no entry {number}, which is its number"
            return
        if found is None:
            return  # said of its segment
        part, position = found
        holder = part.key(position)
        if holder == key:
            self._entries_right += 1
            if part.text(position) != claims.text:
                yield f"{_person(key)}: entry {number} has another text"
        elif not any(self._wrong_entry(number, holder)):
            yield f"{_person(key)}: its number {number} is that of {_person(holder)}"

    def _wrong_nickname(self, nickname: bytes, key: bytes) -> Iterator[str]:
        """The fault of a nickname that leads to `key`; none where that person can't be believed."""
        stored = self._stored(key)
        if stored is None:
            yield f"nickname {_shown(nickname)}: nobody has its id {format_id(key)}"
            return
        with suppress(ValueError):
            found = self._claims(key, stored).nickname
            if found != nickname:
                yield f"nickname {_shown(nickname)}: it leads to {_person(key)}, whose it is not"

    def _wrong_entry(self, number: int, key: bytes) -> Iterator[str]:
        """The fault of an entry of that number that leads to `key`; none as with nicknames."""
        stored = self._stored(key)
        if stored is None:
            yield f"entry {number}: nobody has its id {format_id(key)}"
            return
        with suppress(ValueError):
            found = self._claims(key, stored).number
            if found != number:
                yield f"entry {number}: it leads to {_person(key)}, whose number is {found}"

    def _stored(self, key: bytes) -> bytes | None:
        found = self._snapshot.get(key, db=self._people) if len(key) == records.ID_SIZE else None
        return None if found is None else bytes(found)

    def _count(self, database: _Database) -> int:
        return self._snapshot.stat(database)["entries"]

    def _each(
        self, database: _Database, what: str, step: int = _STEP
    ) -> Iterator[tuple[memoryview, memoryview]]:
        """Walks a database and tells how far it is."""
        total = self._count(database)
        for done, item in enumerate(self._snapshot.cursor(database)):
            if done % step == 0:
                self._progress(done, total, what)
            yield item


def _person(key: bytes) -> str:
    return f"person {format_id(key)}"


def _shown(nickname: bytes) -> str:
    return ascii(nickname.decode(errors="backslashreplace"))
