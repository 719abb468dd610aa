"""Gives sealed people their derived tables, on a thread of its own and outside any transaction.

A search is exact with or without them: what goes wrong here costs speed, never a creation.
"""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from threading import Event, Thread

import lmdb
from lmdb import Transaction, _Database

from index import tables, term_log
from index.tables import Span
from index.term_log import Slice, Walk
from storage import lock, people
from storage.derived import KINDS, Kind
from storage.environment import Environment
from storage.layout import DATA_FILE
from storage.strategies.shape import Job

_log = logging.getLogger("goseventh.storage")
# Nobody waits much longer for the write lock, or for the flush, than behind a group of people.
_BYTES_A_TRANSACTION = 512 << 10
_BUSY_SECONDS = 0.1
_FAILED_SECONDS = 60.0


class _ClosingError(Exception):
    """The store closes: what was begun is left."""


class Signer:
    """Builds what is missing when the store opens and whenever people were sealed."""

    def __init__(self, environment: Environment, transact: Callable[[Job], None]) -> None:
        """Starts the thread.

        `transact` runs a job in a write transaction and returns when that is committed, or raises.
        """
        self._environment = environment
        self._transact = transact
        # Set by whoever commits and by close, cleared by the thread.
        self._wanted = Event()
        self._wanted.set()
        self._closing = False
        # One process builds at a time: a table that takes the place of others removes them, and another's
        # half of such a one would be left without its other half. LMDB locks another file.
        self._lock = os.open(os.path.join(environment.lmdb.path(), DATA_FILE), os.O_RDONLY | os.O_CLOEXEC)
        # The writer's: up to which number it has asked for tables.
        self._asked = 0
        self._complained = False
        self._thread = Thread(target=self._run, name="signer", daemon=True)
        self._thread.start()

    def committed(self) -> None:
        """Called after each commit, on whatever thread made it: wakes the signer if people were sealed."""
        with suppress(lmdb.Error), self._environment.lmdb.begin() as snapshot:
            sealed = term_log.sealed(people.count(self._environment, snapshot))
            if sealed > self._asked:
                self._asked = sealed
                self._wanted.set()

    def done(self) -> bool:
        """Whether nothing sealed lacks its tables, whoever made them. For any thread."""
        return next(self._missing(), None) is None

    def close(self) -> None:
        """Ends the thread within a segment's work, some 0.3 s. The writer must still be open."""
        self._closing = True
        self._wanted.set()
        self._thread.join()
        os.close(self._lock)

    def _run(self) -> None:
        again: float | None = None
        while True:
            self._wanted.wait(again)
            self._wanted.clear()
            if self._closing:
                return
            with lock.unless_held(self._lock) as mine:
                done = mine and self._add_missing()
            # What was sealed since another looked is still to be done; a disk that was full may have room.
            again = None if done else _FAILED_SECONDS if mine else _BUSY_SECONDS

    def _add_missing(self) -> bool:
        """Whether nothing is missing afterwards. What failed is in the log, once until all is there."""
        try:
            for kind, span in self._missing():
                self._add(kind, span)
        except _ClosingError:
            return False
        except Exception as error:
            if not self._complained:
                self._complained = True
                _log.warning("searches stay slower than they could be, for tables are missing: %r", error)
            return False
        self._complained = False
        return True

    def _missing(self) -> Iterator[tuple[Kind, Span]]:
        """Whatever a sealed tier, or a group of them, should have by now."""
        with self._environment.lmdb.begin() as snapshot:
            sealed = term_log.sealed(people.count(self._environment, snapshot))
        for kind in KINDS:
            for span in tables.spans(sealed):
                if not self._has(kind, span):
                    yield kind, span

    def _has(self, kind: Kind, span: Span) -> bool:
        with self._environment.lmdb.begin() as snapshot:
            return snapshot.get(span.key(tables.HEADER), db=self._database(kind)) is not None

    def _add(self, kind: Kind, span: Span) -> None:
        """Builds a table and stores it in several transactions, the header with the last."""
        built = kind.build(_Texts(self._environment, span, self._check), span.entries)
        database = self._database(kind)
        numbered = [(span.key(number), content) for number, content in enumerate(built)]
        header, others = numbered[tables.HEADER], numbered[tables.HEADER + 1 :]
        step = max(1, _BYTES_A_TRANSACTION // max(map(len, built)))
        for begin in range(0, len(others), step):
            self._check()
            self._put(database, others[begin : begin + step])

        def finish(transaction: "Transaction[bytes]") -> None:
            transaction.put(header[0], tables.seal(header[1]), db=database)
            tables.remove_replaced(transaction, database, span)

        self._transact(finish)

    def _put(self, database: _Database, parts: Sequence[tuple[bytes, bytes]]) -> None:
        def put(transaction: "Transaction[bytes]") -> None:
            for key, content in parts:
                transaction.put(key, tables.seal(content), db=database)

        self._transact(put)

    def _database(self, kind: Kind) -> _Database:
        database: _Database = getattr(self._environment, kind.database)
        return database

    def _check(self) -> None:
        if self._closing:
            raise _ClosingError


class _Texts:
    """The entries of a span, a segment at a time: a copy each, so that no snapshot lives for long."""

    def __init__(self, environment: Environment, span: Span, check: Callable[[], None]) -> None:
        self._environment = environment
        self._span = span
        self._check = check

    def __iter__(self) -> Iterator[Slice]:
        number = self._span.first
        while number < self._span.end:
            self._check()
            with self._environment.lmdb.begin() as snapshot:
                found = next(Walk(snapshot, self._environment.terms).slices(number, self._span.end))
            yield found
            number += found.end - found.begin
