"""Answers when a person is in the log that all workers share, and moves people into the store behind that.

The log is never flushed, so `kill -9` loses nothing and a power cut what was not moved yet. Each worker has a
drainer; one at a time moves what is in the log, the oldest first. Once the oldest who was not moved is half
the window old nobody more is answered until they are durable: so no more than a window's answers are ever at
risk, however slow the disk is.
"""

import logging
from collections.abc import Sequence
from threading import Event, Thread
from time import monotonic_ns, sleep
from typing import Any

import lmdb
from lmdb import Transaction

from storage import pending_log, people, records
from storage.committer import Committer
from storage.environment import Environment, emulate_flush
from storage.errors import Full, StoreError, Unavailable, Unusable, is_disk_full
from storage.pending_format import Group
from storage.pending_log import Held, PendingLog
from storage.people import Created, Taken
from storage.records import Person, Record
from storage.strategies.shape import Options, Outcome, Recent, Token, Writer

GROUP_LIMIT = 1024
# A person waits in the log for up to a quarter of the window before a drainer looks; the disk has the rest.
_LOOKS_PER_WINDOW = 4
_NANOSECONDS = 1_000_000_000
_RETRY_SECONDS = 0.002
_log = logging.getLogger("goseventh.storage")


def open_writer(environment: Environment, options: Options[Token]) -> Writer[Token]:
    """Starts the thread that answers and the one that moves people into the store."""
    return WriteBehind(environment, options)


class WriteBehind(Committer[Token]):
    """The commit thread, with an append to the log in place of a transaction."""

    def __init__(self, environment: Environment, options: Options[Token]) -> None:
        try:
            self._pending = PendingLog(options.directory)
        except OSError as error:
            raise Unusable(f"no log can be kept in {options.directory}: {error}; see to the disk") from error
        self._drainer = Drainer(environment, self._pending, options)
        super().__init__(environment, options, GROUP_LIMIT)

    def get(self, key: bytes) -> bytes | None:
        """The document of a person in the log."""
        self._pending.refresh()
        return self._pending.get(key)

    def recent(self) -> Recent:
        """Who is in the log."""
        return _InLog(self._pending.recent())

    def close(self) -> None:
        """Answers what was taken and moves everybody into the store."""
        super().close()
        self._drainer.close()
        self._pending.close()

    def _commit(self, group: list[tuple[Record, Token]], limit: int) -> Sequence[Outcome]:
        if self._gave_up():
            return self._refused(group)
        try:
            while True:
                self._drainer.wait_for_room()
                with self._pending.appending():
                    if self._drainer.has_room():
                        self._fill(group, limit)
                        return self._answer([record for record, _ in group])
        except StoreError as error:
            return [error] * len(group)
        except OSError as error:
            if is_disk_full(error):
                return [Full("the disk is full")] * len(group)
            return self._break(group, error)
        except lmdb.Error as error:
            return self._break(group, error)

    def _answer(self, group: Sequence[Record]) -> Sequence[Outcome]:
        """Appends whoever is new, within the append lock."""
        # The log first, the store then: who leaves the log between the two is in the store.
        holders = {record.nickname: self._pending.holder(record.nickname) for record in group}
        sequence, clock = self._pending.last()
        with self._environment.lmdb.begin() as snapshot:
            head = people.read_head(self._environment, snapshot)
            for nickname in [nickname for nickname, key in holders.items() if key is None]:
                holders[nickname] = people.holder(self._environment, snapshot, nickname)
        sequence, clock = max(sequence, head.sequence), max(clock, head.clock, records.clock_now())
        new: list[Person] = []
        outcomes: list[Outcome] = []
        for record, noise in zip(group, people.noises(len(group)), strict=True):
            taken_by = holders[record.nickname]
            if taken_by is not None:
                outcomes.append(Taken(taken_by))
                continue
            clock += 1
            person = records.give_id(record, clock, noise)
            holders[record.nickname] = person.id
            new.append(person)
            outcomes.append(Created(person.id, person.document))
        if new:
            self._pending.append(Group(monotonic_ns(), clock, sequence + 1, new))
        return outcomes


class _InLog:
    """The log as of one moment."""

    def __init__(self, held: Sequence[Held]) -> None:
        self._held = held

    def count(self, environment: Environment, snapshot: "Transaction[Any]") -> int:
        return pending_log.count(self._held, people.read_head(environment, snapshot).sequence)

    def people(self, environment: Environment, snapshot: "Transaction[Any]") -> Sequence[Person]:
        groups = [held.group for held in self._held]
        return waiting(groups, people.read_head(environment, snapshot).sequence)

    def search(
        self,
        environment: Environment,
        snapshot: "Transaction[Any]",
        needle: bytes,
        limit: int,
        after: bytes | None = None,
    ) -> Sequence[bytes]:
        sequence = people.read_head(environment, snapshot).sequence
        if after is not None:
            sequence = max(sequence, pending_log.number_of(self._held, after))
        return pending_log.search(self._held, needle, limit, sequence)


class Drainer:
    """Moves people from the log into the store, on a thread of its own."""

    def __init__(self, environment: Environment, pending: PendingLog, options: Options[Token]) -> None:
        self._environment = environment
        self._pending = pending
        self._half_window = int(options.window * _NANOSECONDS / 2)
        self._pause = options.window / _LOOKS_PER_WINDOW
        self._flush_delay = options.flush_delay
        self._tell_broken = options.broken
        # Set by the drainer's thread, read by the one that answers: why the log may not grow.
        self.failure: StoreError | None = None
        self._broken = False
        self._stop = Event()
        self._thread = Thread(target=self._run, name="drainer", daemon=True)
        self._thread.start()

    def has_room(self) -> bool:
        """Whether the oldest in the log who is not durable is younger than half the window."""
        sequence = self._durable()
        for held in self._pending.recent():
            if held.group.last > sequence:
                return monotonic_ns() - held.group.moment <= self._half_window
        return True

    def wait_for_room(self) -> None:
        """Waits until `has_room`; raises what keeps people from becoming durable instead."""
        while self.failure is None:
            if self.has_room():
                return
            sleep(_RETRY_SECONDS)
        raise self.failure

    def close(self) -> None:
        """Moves everybody who is in the log, unless that fails, and ends the thread."""
        self._stop.set()
        self._thread.join()
        while not self._broken and self.failure is None and not self._drain():
            sleep(_RETRY_SECONDS)

    def _run(self) -> None:
        while not self._stop.wait(self._pause) and not self._broken:
            self._drain()

    def _drain(self) -> bool:
        """Moves whoever is in the log; False if another process is at it, or if it failed."""
        try:
            return self._move_all()
        except (lmdb.Error, OSError) as error:
            self._failed(error)
            return False

    def _move_all(self) -> bool:
        if not self._all_durable():
            with self._pending.draining() as mine:
                if not mine:
                    return False
                move(self._environment, [held.group for held in self._pending.recent()], self._flush_delay)
        self.failure = None  # the store can be written, whoever of the workers it was that did
        return self._all_durable()

    def _all_durable(self) -> bool:
        """Whether all of the log is durable; lets go of those who are."""
        sequence = self._durable()
        recent = self._pending.recent()
        self._pending.forget(sequence)
        self._pending.discard(sequence)
        return not recent or recent[-1].group.last <= sequence

    def _durable(self) -> int:
        with self._environment.lmdb.begin() as snapshot:
            return people.read_head(self._environment, snapshot).sequence

    def _failed(self, error: Exception) -> None:
        if self._environment.is_full(error):
            _log.warning("people wait in the log, the store is full: %s", error)
            self.failure = Full("the store is full")
            return
        _log.error("people stay in the log, the store can't be written any more: %s", error)
        self.failure = Unavailable("the store can't be written at the moment")
        self._broken = True
        self._tell_broken()


def move(environment: Environment, groups: Sequence[Group], flush_delay: float = 0.0) -> int:
    """Makes the people of `groups` durable who are not yet, in one transaction. Returns how many.

    Raises lmdb.Error or OSError; the groups must be kept then.
    """
    with environment.writing() as transaction:
        moving = waiting(groups, people.read_head(environment, transaction).sequence)
        if moving:
            people.settle(environment, transaction, moving, groups[-1].clock)
            emulate_flush(flush_delay)
    return len(moving)


def waiting(groups: Sequence[Group], sequence: int) -> list[Person]:
    """The people of `groups` who are not durable in a store whose last number is `sequence`."""
    return [
        person
        for group in groups
        for number, person in enumerate(group.people, group.sequence)
        if number > sequence
    ]
