"""Answers at once and writes later, each worker from its own memory. Unsafe: to see what speed costs.

This is what fast tournament entries do. A nickname is free as far as this worker knows; another may have
given it too, and then the one who is written later is dropped, counted and logged.
"""

import logging
from collections.abc import Sequence
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any, Generic

import lmdb
from lmdb import Transaction

from index import term_log
from storage import people, records
from storage.environment import Environment
from storage.errors import Busy, Full, StoreError, Unavailable
from storage.people import Created, Taken
from storage.records import Person, Record
from storage.strategies.shape import Job, Options, Recent, Token, Writer

FLUSH_SECONDS = 1.0
_log = logging.getLogger("goseventh.storage")


def open_writer(environment: Environment, options: Options[Token]) -> Writer[Token]:
    """Starts the thread that writes every second."""
    return MemoryQueue(environment, options)


class MemoryQueue(Generic[Token]):
    """The answered who are not written yet, and the thread that writes them."""

    def __init__(self, environment: Environment, options: Options[Token]) -> None:
        self._environment = environment
        self._options = options
        # Guards what follows: the event loop adds, the flusher removes.
        self._mutex = Lock()
        self._waiting: dict[bytes, Person] = {}
        """By id, the oldest first."""
        self._ids: dict[bytes, bytes] = {}
        """Their nicknames."""
        self._clock = 0
        # Set by whoever stops the writer.
        self._stopped: Unavailable | None = None
        # Set by the flusher while there is no room.
        self._full: Full | None = None
        self.lost = 0
        """How many were answered and could not be written when the writer closed."""
        self.dropped = 0
        """How many were answered with a nickname that another worker had given."""
        self._stop = Event()
        self._thread = Thread(target=self._run, name="flusher", daemon=True)
        self._thread.start()

    def submit(self, record: Record, token: Token) -> None:
        """Answers at once; raises Busy, Full or Unavailable instead."""
        if (refusal := self._refusal()) is not None:
            raise refusal
        # Its own memory first, the store then: who leaves the one between the two is in the other.
        taken_by = self._ids.get(record.nickname) or self._holder(record.nickname)
        if taken_by is not None:
            self._options.deliver([(token, Taken(taken_by))])
            return
        with self._mutex:
            if len(self._waiting) >= self._options.queue_limit:
                raise Busy("too many creations are waiting")
            self._clock = max(self._clock + 1, records.clock_now())
            person = records.give_id(record, self._clock, people.noises(1)[0])
            self._waiting[person.id] = person
            self._ids[person.nickname] = person.id
        self._options.deliver([(token, Created(person.id, person.document))])

    def get(self, key: bytes) -> bytes | None:
        """The document of a person who waits here."""
        person = self._waiting.get(key)
        return None if person is None else person.document

    def recent(self) -> Recent:
        """Who waits here."""
        with self._mutex:
            return _Waiting(list(self._waiting.values()))

    def waiting(self) -> int:
        """How many wait here."""
        return len(self._waiting)

    def refusal(self) -> StoreError | None:
        """Why nobody would be taken now, however few wait."""
        if not self._thread.is_alive():
            return Unavailable("nobody writes any more")
        return self._refusal()

    def transact(self, job: Job) -> None:
        """Runs `job` in a write transaction of its own, on the caller's thread."""
        with self._environment.writing(derived=True) as transaction:
            job(transaction)

    def abandon(self) -> None:
        """Takes no more; whoever waits here was answered, and is written by `close`."""
        self._stopped = Unavailable("the server is stopping")

    def close(self) -> None:
        """Writes who waits, unless the disk failed before, and ends the thread."""
        self.abandon()
        self._stop.set()
        self._thread.join()
        self._flush()
        self.lost = len(self._waiting)
        if self.lost:
            _log.error("%d answered people are lost", self.lost)

    def _refusal(self) -> StoreError | None:
        return self._environment.broken or self._stopped or self._full

    def _holder(self, nickname: bytes) -> bytes | None:
        try:
            with self._environment.lmdb.begin() as snapshot:
                return people.holder(self._environment, snapshot, nickname)
        except lmdb.Error as error:
            raise Unavailable("the store can't be read at the moment") from error

    def _run(self) -> None:
        # By the clock, whatever a flush takes: nobody waits for longer than that and a flush.
        due = monotonic() + FLUSH_SECONDS
        while not self._stop.wait(max(0.0, due - monotonic())) and self._environment.broken is None:
            due = max(due + FLUSH_SECONDS, monotonic())
            self._flush()

    def _flush(self) -> None:
        try:
            self._write()
        except Full as error:
            if self._full is None:
                _log.warning("answered people wait in memory: %s", error)
            self._full = error
        except Exception as error:
            # A thread that died would leave people waiting for ever.
            self._environment.give_up(error)

    def _write(self) -> None:
        with self._mutex:
            waiting, clock = list(self._waiting.values()), self._clock
        # The oldest first, and not more at once than a transaction should hold.
        for oldest in term_log.within_limit(waiting, [person.size for person in waiting]):
            self._move(oldest, clock)
        self._full = None

    def _move(self, oldest: Sequence[Person], clock: int) -> None:
        with self._environment.writing() as transaction:
            refused = people.settle(self._environment, transaction, oldest, clock)
        self._options.observer.wrote_group(len(oldest))
        if refused:
            self.dropped += len(refused)
            _log.warning(
                "%d answered people dropped, %d so far, their nicknames are taken: %s",
                len(refused),
                self.dropped,
                people.some_ids(refused),
            )
        with self._mutex:
            for person in oldest:
                del self._waiting[person.id]
                del self._ids[person.nickname]


class _Waiting:
    """Who waited in a worker at one moment, the oldest first."""

    def __init__(self, waiting: Sequence[Person]) -> None:
        self._waiting = waiting

    def people(self, environment: Environment, snapshot: "Transaction[Any]") -> Sequence[Person]:
        # They go the oldest first, whatever was flushed meanwhile: whose nickname is there was written, or
        # will be dropped.
        for place, person in enumerate(self._waiting):
            if people.holder(environment, snapshot, person.nickname) is None:
                return self._waiting[place:]
        return ()
