"""The one thread of a process that writes: a bounded queue in front, a transaction a group behind.

A group is what queued while the last one was committed, so a lone record never waits for company.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from time import monotonic
from typing import Generic, NamedTuple

from storage import people
from storage.environment import Environment
from storage.errors import Broken, Busy, StoreError, TooLarge, Unavailable, judged
from storage.records import Record
from storage.strategies.shape import NOBODY, Job, Options, Outcome, Recent, Token


class _Waiting(NamedTuple):
    """A job in the queue, and where its caller waits."""

    job: Job
    over: Future[None]


_log = logging.getLogger("goseventh.storage")
# Beyond this a group takes no more: it is written, and in write-behind read, in one piece.
_GROUP_BYTES = 16 << 20
_QUIET_SECONDS = 10.0


class Committer(Generic[Token]):
    """Owns every write transaction of its process, from begin to commit."""

    def __init__(self, environment: Environment, options: Options[Token], group_limit: int) -> None:
        """Starts the thread. `group_limit` is the most records that share a transaction."""
        self._environment = environment
        self._options = options
        self._group_limit = group_limit
        # Filled by the callers' threads, emptied by the commit thread; None asks the thread to end.
        self._queue: SimpleQueue[tuple[Record, Token] | _Waiting | None] = SimpleQueue()
        # The commit thread's: jobs that it met while it filled a group, to be done when that is committed.
        self._jobs: list[_Waiting] = []
        # Set by whoever stops the writer: why nothing more is taken.
        self._stopped: Unavailable | None = None
        # Set by `abandon`, on the caller's thread.
        self._abandoned = False
        self._quiet_until = 0.0
        self._thread = Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    def submit(self, record: Record, token: Token) -> None:
        """Queues a record; its outcome comes through `deliver`. Raises Busy or Unavailable instead."""
        if (refusal := self._refusal()) is not None:
            raise refusal
        if self._queue.qsize() >= self._options.queue_limit:
            raise Busy("too many creations are waiting")
        self._queue.put((record, token))

    def transact(self, job: Job) -> None:
        """Runs `job` in a write transaction of its own between two groups; returns when it is committed.

        Raises what the job or its commit raised: then nothing of it is in the store. Not after `close`.
        """
        over: Future[None] = Future()
        self._queue.put(_Waiting(job, over))
        over.result()

    def get(self, key: bytes) -> bytes | None:
        """Nobody's: whoever is answered is durable."""
        return None

    def recent(self) -> Recent:
        """Nobody: whoever is answered is durable."""
        return NOBODY

    def waiting(self) -> int:
        """How many are in the queue."""
        return self._queue.qsize()

    def refusal(self) -> StoreError | None:
        """Why nobody would be taken now, however few wait."""
        if not self._thread.is_alive():
            return Unavailable("nobody writes any more")
        return self._refusal()

    def abandon(self) -> None:
        """Refuses what is queued; a group that is being committed is finished."""
        self._stopped = Unavailable("the server is stopping")
        self._abandoned = True

    def close(self) -> None:
        """Commits what is queued and ends the thread."""
        self._stopped = Unavailable("the server is stopping")
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            if isinstance(first, _Waiting):
                self._jobs.append(first)
            else:
                self._settle([first])
            while self._jobs:
                self._do(*self._jobs.pop(0))

    def _settle(self, group: list[tuple[Record, Token]]) -> None:
        try:
            outcomes = self._commit(group, self._group_limit)
        except Exception as error:
            # A thread that died would leave every later creation waiting for ever.
            outcomes = self._break(group, error)
        self._options.observer.wrote_group(len(group))
        self._options.deliver([(token, outcome) for (_, token), outcome in zip(group, outcomes, strict=True)])

    def _do(self, job: Job, over: Future[None]) -> None:
        try:
            with self._environment.writing(derived=True) as transaction:
                job(transaction)
        except Exception as error:
            if isinstance(error, Broken):
                self._break((), error)
            over.set_exception(error)
        else:
            over.set_result(None)

    def _commit(self, group: list[tuple[Record, Token]], limit: int) -> Sequence[Outcome]:
        """One transaction for `group`, grown up to `limit` by whoever came until the write lock was had."""
        if self._abandoned and self._stopped is not None:
            return [self._stopped] * len(group)
        try:
            return self._write(group, limit)
        except Exception as error:
            return self._failed(group, judged(error))

    def _write(self, group: list[tuple[Record, Token]], limit: int) -> Sequence[Outcome]:
        with self._environment.writing() as transaction:
            self._fill(group, limit)
            return people.apply(self._environment, transaction, [record for record, _ in group])

    def _fill(self, group: list[tuple[Record, Token]], limit: int) -> None:
        room = _GROUP_BYTES - sum(record.size for record, _ in group)
        while len(group) < limit and room > 0 and not self._abandoned and not self._queue.empty():
            waiting = self._queue.get_nowait()
            if waiting is None:
                self._queue.put(None)  # still the last one: nobody submits after close
                return
            if isinstance(waiting, _Waiting):
                self._jobs.append(waiting)
            else:
                group.append(waiting)
                room -= waiting[0].size

    def _failed(self, group: list[tuple[Record, Token]], error: Exception) -> Sequence[Outcome]:
        """What becomes of a group of which nothing was written. What failed on the disk is not retried."""
        if isinstance(error, Broken):
            return self._break(group, error)
        if isinstance(error, StoreError) and not isinstance(error, TooLarge):
            self._warn(error)
            return [error] * len(group)
        if len(group) > 1:
            # Nothing reached the disk: the one at fault fails by itself, its neighbours never notice.
            return [outcome for member in group for outcome in self._commit([member], 1)]
        if isinstance(error, TooLarge):
            self._warn(error)
            return [error]
        _log.error("a record could not be written", exc_info=error)
        return [Unavailable("this record could not be written")]

    def _warn(self, error: StoreError) -> None:
        """Logs what every creation may meet at most once in a while."""
        if monotonic() >= self._quiet_until:
            self._quiet_until = monotonic() + _QUIET_SECONDS
            _log.warning("people are refused: %s", error)

    def _break(self, group: Sequence[object], error: Exception) -> Sequence[Outcome]:
        """Writes no more, and has nobody else in this process write."""
        return [self._environment.give_up(error)] * len(group)

    def _refusal(self) -> Unavailable | None:
        """Why nothing more is taken."""
        return self._environment.broken or self._stopped
