"""Answers when a person is in the log that all workers share, and moves people into the store behind that.

The log is never flushed, so `kill -9` loses nothing and a power cut what was not moved yet. Each worker has a
drainer; one at a time moves what is in the log, the oldest first. Once the oldest who was not moved is half
the window old nobody more is taken until they are durable, and whoever was taken meanwhile is answered only
if the oldest is still within the window: so no more than a window's answers are ever at risk, however slow
the disk is. Who is durable is said by a number of the log's own, stored by the transaction that moves people.

A process that is stopped (SIGSTOP) while it holds the append lock or the drain lock makes every creation wait
until it goes on or is killed: that, too, keeps the window.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic_ns
from typing import Any

from lmdb import Transaction

from storage import people, records
from storage.committer import Committer
from storage.drainer import Drainer, moved_up_to
from storage.environment import Environment
from storage.errors import Broken, StoreError, Unavailable, Unusable
from storage.pending_format import Group, waiting
from storage.pending_log import PendingLog
from storage.people import Created, Taken
from storage.records import Person, Record
from storage.strategies.shape import Options, Outcome, Recent, Token, Writer

GROUP_LIMIT = 1024


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
        self._drainer = Drainer(environment, self._pending, options.window)
        super().__init__(environment, options, GROUP_LIMIT)

    def get(self, key: bytes) -> bytes | None:
        """The document of a person in the log."""
        with _readable():
            self._pending.refresh()
        return self._pending.get(key)

    def refusal(self) -> StoreError | None:
        """Why nobody would be taken now, a log that can't be emptied included."""
        return super().refusal() or self._drainer.full

    def recent(self) -> Recent:
        """Who is in the log."""
        with _readable():
            return _InLog(self._pending.recent())

    def close(self) -> None:
        """Answers what was taken and moves everybody into the store."""
        super().close()
        self._drainer.close()
        self._pending.close()

    def _write(self, group: list[tuple[Record, Token]], limit: int) -> Sequence[Outcome]:
        while True:
            self._drainer.wait_until(self._drainer.has_room)
            with self._pending.appending():
                self._drainer.raise_trouble()
                if self._drainer.has_room():
                    self._fill(group, limit)
                    outcomes = self._answer([record for record, _ in group])
                    break
        # An append may take as long as it likes: a full page cache, a process that was stopped.
        try:
            self._drainer.wait_until(self._drainer.is_within_window)
        except Broken:
            raise
        except Exception as error:  # they are in the log by now, and nobody may try them once more
            raise Unavailable("this person waits to be written") from error
        return outcomes

    def _answer(self, group: Sequence[Record]) -> Sequence[Outcome]:
        """Appends whoever is new, within the append lock."""
        # The log first, the store then: who leaves the log between the two is in the store.
        holders = {record.nickname: self._pending.holder(record.nickname) for record in group}
        sequence, clock = self._pending.last()
        with self._environment.lmdb.begin() as snapshot:
            clock = max(clock, people.read_head(self._environment, snapshot).clock, records.clock_now())
            sequence = max(sequence, moved_up_to(self._environment, snapshot))
            for nickname in [nickname for nickname, key in holders.items() if key is None]:
                holders[nickname] = people.holder(self._environment, snapshot, nickname)
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

    def __init__(self, groups: Sequence[Group]) -> None:
        self._groups = groups

    def people(self, environment: Environment, snapshot: "Transaction[Any]") -> Sequence[Person]:
        return waiting(self._groups, moved_up_to(environment, snapshot))


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable("the log can't be read at the moment") from error
