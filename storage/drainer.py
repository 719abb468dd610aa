"""Moves people from write-behind's log into the store, and says how long the log may grow meanwhile."""

import logging
from collections.abc import Callable, Sequence
from threading import Event, Thread
from time import monotonic_ns, sleep
from typing import Any

from lmdb import Transaction

from storage import people, records
from storage.environment import MOVED_KEY, Environment
from storage.errors import Full, judged
from storage.pending_format import Group, oldest, waiting
from storage.pending_log import PendingLog

# A person waits in the log for up to a quarter of the window before a drainer looks; the disk has the rest.
_LOOKS_PER_WINDOW = 4
_NANOSECONDS = 1_000_000_000
_RETRY_SECONDS = 0.002
_log = logging.getLogger("goseventh.storage")


class Drainer:
    """Moves people from the log into the store, on a thread of its own."""

    def __init__(self, environment: Environment, pending: PendingLog, window: float) -> None:
        """Starts the thread. `window`, in seconds, is how old an answer may get that is not durable."""
        self._environment = environment
        self._pending = pending
        self._window = int(window * _NANOSECONDS)
        self._pause = window / _LOOKS_PER_WINDOW
        # Set by the drainer's thread, read by the one that answers: why the log may not grow for now.
        self.full: Full | None = None
        self._complained = False
        self._stop = Event()
        self._thread = Thread(target=self._run, name="drainer", daemon=True)
        self._thread.start()

    def has_room(self) -> bool:
        """Whether one more may be taken into the log."""
        return is_younger(self._oldest(), monotonic_ns(), self._window // 2)

    def is_within_window(self) -> bool:
        """Whether who is in the log may be answered."""
        return is_younger(self._oldest(), monotonic_ns(), self._window)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Waits until it is so; raises Full or Broken if people can't become durable."""
        while not condition():
            self.raise_trouble()
            sleep(_RETRY_SECONDS)

    def raise_trouble(self) -> None:
        """Raises what keeps people from becoming durable, if anything does."""
        if (why := self._environment.broken or self.full) is not None:
            raise why

    def close(self) -> None:
        """Moves everybody who is in the log, unless that fails, and ends the thread."""
        self._stop.set()
        self._thread.join()
        while self._environment.broken is None and self.full is None and not self._drain():
            sleep(_RETRY_SECONDS)

    def _run(self) -> None:
        while not self._stop.wait(self._pause) and self._environment.broken is None:
            self._drain()

    def _drain(self) -> bool:
        """Moves whoever is in the log; False if another process is at it, or if it failed."""
        try:
            with self._pending.draining() as mine:
                if mine:
                    self._move_all()
            is_over = self._forget()
            self.full = None if is_over else self.full  # whoever of the workers it was that moved them
            return is_over
        except Exception as error:
            found = judged(error)
            if isinstance(found, Full):
                if self.full is None:
                    _log.warning("people wait in the log: %s", found)
                self.full = found
            else:  # a thread that died would leave every later creation waiting for ever
                self._environment.give_up(found)
        return False

    def _move_all(self) -> None:
        recent = self._pending.recent()
        if waiting(recent, self._durable()):
            move(self._environment, recent)
            self.full = None
        try:
            self._pending.discard(self._durable())
        except OSError as error:
            if not self._complained:
                self._complained = True
                _log.warning("files of the log that are done with can't be removed: %s", error)

    def _forget(self) -> bool:
        """Lets go of those in memory who are durable; whether all are."""
        recent = self._pending.recent()
        sequence = self._durable()
        self._pending.forget(sequence)
        return not waiting(recent, sequence)

    def _oldest(self) -> int | None:
        """When the oldest who is not durable was appended."""
        sequence = self._durable()
        return oldest(self._pending.recent(), sequence)

    def _durable(self) -> int:
        with self._environment.lmdb.begin() as snapshot:
            return moved_up_to(self._environment, snapshot)


def is_younger(moment: int | None, now: int, age: int) -> bool:
    """Whether what began at `moment` has not reached `age` by `now`, or nothing began; all in ns."""
    return moment is None or now - moment < age


def move(environment: Environment, groups: Sequence[Group]) -> int:
    """Makes the people of `groups` durable who are not yet, in one transaction. Returns how many.

    Raises as `Environment.writing` does; the groups must be kept then. Somebody whose nickname is taken by
    then is dropped, and logged: that takes another strategy at the same time, and leaves no better answer.
    """
    with environment.writing() as transaction:
        before = people.count(environment, transaction)
        moving = waiting(groups, moved_up_to(environment, transaction))
        refused = people.settle(environment, transaction, moving, groups[-1].clock) if moving else []
        if moving:
            transaction.put(MOVED_KEY, records.pack_moved(groups[-1].last), db=environment.meta)
        moved = people.count(environment, transaction) - before
    if refused:
        ids = people.some_ids(refused)
        _log.error("%d answered people dropped, their nicknames are taken: %s", len(refused), ids)
    return moved


def moved_up_to(environment: Environment, snapshot: "Transaction[Any]") -> int:
    """The number of the last in the log who is durable."""
    return records.unpack_moved(snapshot.get(MOVED_KEY, db=environment.meta))
