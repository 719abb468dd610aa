"""Creating people in groups: who queued while the last group was committed shares a transaction.

All of this happens on the worker's event loop.
"""

import asyncio
import logging
from collections.abc import Sequence
from time import monotonic
from typing import NamedTuple

from goseventh.postgresql import faults
from goseventh.postgresql.insert import insert
from goseventh.postgresql.sessions import Sessions
from storage import records
from storage.environment import FULL_SECONDS
from storage.errors import Busy, Full, StoreError, Unavailable
from storage.observer import Observer
from storage.people import Created, Taken, noises
from storage.records import Record
from storage.strategies.shape import Outcome

# Beyond this a group takes no more: it is one message.
_GROUP_BYTES = 4 << 20
# Who is answered when the server stops has been by then.
_CLOSE_SECONDS = 0.5
_QUIET_SECONDS = 10.0

_log = logging.getLogger("goseventh")


class _Waiting(NamedTuple):
    """A record in the queue, and where its request waits."""

    record: Record
    settled: "asyncio.Future[Outcome]"


class Committer:
    """The queue of a worker, and the tasks that empty it."""

    def __init__(
        self, sessions: Sessions, group_limit: int, lanes: int, queue_limit: int, observer: Observer
    ) -> None:
        """`group_limit`: the most people that share a transaction; `lanes`: how many of these at a time."""
        self._sessions = sessions
        self._group_limit = group_limit
        self._queue_limit = queue_limit
        self._observer = observer
        # None ends a lane.
        self._queue: asyncio.Queue[_Waiting | None] = asyncio.Queue()
        # The time of the last id, in 1/4096 ms; another worker's may be a little behind or ahead.
        self._clock = 0
        self._stopped = False
        # Why the last group did not fit, and when that was.
        self._full: tuple[Full, float] | None = None
        self._quiet_until = 0.0
        self._lanes = [asyncio.ensure_future(self._run()) for _ in range(lanes)]

    async def create(self, record: Record) -> Created | Taken:
        """Queues a record and waits for its outcome; raises that if it is an error."""
        if (refusal := self._refusal()) is not None:
            raise refusal
        settled: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Waiting(record, settled))
        outcome = await settled
        if isinstance(outcome, StoreError):
            raise outcome
        return outcome

    def waiting(self) -> int:
        """How many are in the queue."""
        return self._queue.qsize()

    def refusal(self) -> StoreError | None:
        """Why whoever is created now would be refused, as far as this process knows."""
        if self._full is not None and monotonic() - self._full[1] < FULL_SECONDS:
            return self._full[0]
        return self._refusal()

    async def close(self) -> None:
        """Refuses who is queued, and gives the groups that are being committed a moment."""
        self._stopped = True
        while not self._queue.empty():
            if (waiting := self._queue.get_nowait()) is not None:
                _settle([waiting], [_stopping()])
        for _ in self._lanes:
            self._queue.put_nowait(None)
        await asyncio.wait(self._lanes, timeout=_CLOSE_SECONDS)
        for lane in self._lanes:
            lane.cancel()

    async def _run(self) -> None:
        while (first := await self._queue.get()) is not None:
            group = [first]
            room = _GROUP_BYTES - first.record.size
            while len(group) < self._group_limit and room > 0 and not self._queue.empty():
                waiting = self._queue.get_nowait()
                if waiting is None:
                    self._queue.put_nowait(None)  # to be met again when this group is committed
                    break
                group.append(waiting)
                room -= waiting.record.size
            try:
                outcomes = await self._write([waiting.record for waiting in group])
            except asyncio.CancelledError:
                _settle(group, [_stopping()] * len(group))
                raise
            self._observer.wrote_group(len(group))
            _settle(group, outcomes)

    async def _write(self, group: Sequence[Record]) -> Sequence[Outcome]:
        """The outcomes of `group`, which shares a transaction unless one of it is bad."""
        people = []
        for record, noise in zip(group, noises(len(group)), strict=True):
            self._clock = max(self._clock + 1, records.clock_now())
            people.append(records.give_id(record, self._clock, noise))
        began = monotonic()
        try:
            outcomes = await insert(self._sessions, people)
            self._full = None
            self._observer.committed(monotonic() - began)
            return outcomes
        except StoreError as error:
            if isinstance(error, Full):
                self._full = error, monotonic()
            self._warn(error)
            return [error] * len(group)
        except Exception as error:
            if len(group) > 1 and faults.own(error):
                # Nobody was written: the one at fault fails alone, the neighbours never notice.
                return [outcome for record in group for outcome in await self._write([record])]
            if faults.own(error):
                # Its words may hold the row, and logs hold no people.
                _log.error("a record could not be written: %s", faults.named(error))
            else:
                _log.error("a record could not be written", exc_info=error)
            return [Unavailable("this record could not be written")] * len(group)

    def _refusal(self) -> StoreError | None:
        """Why nobody is taken."""
        if self._stopped:
            return _stopping()
        return Busy("too many creations are waiting") if self.waiting() >= self._queue_limit else None

    def _warn(self, error: StoreError) -> None:
        """Logs what every creation may meet at most once in a while."""
        if monotonic() >= self._quiet_until:
            self._quiet_until = monotonic() + _QUIET_SECONDS
            _log.warning("people are refused: %s", error)


def _stopping() -> Unavailable:
    return Unavailable("the server is stopping")


def _settle(group: Sequence[_Waiting], outcomes: Sequence[Outcome]) -> None:
    for waiting, outcome in zip(group, outcomes, strict=True):
        # Done already means cancelled: the client hung up, which undoes nothing.
        if not waiting.settled.done():
            waiting.settled.set_result(outcome)
