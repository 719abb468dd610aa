"""The one thread of a process that writes: a bounded queue in front, a transaction a group behind.

A group is what queued while the last one was committed, so a lone record never waits for company.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from time import monotonic
from typing import Generic, NamedTuple

import lmdb

from storage import people
from storage.environment import Environment, emulate_flush
from storage.errors import Busy, Full, Unavailable, errno_of, is_disk_full
from storage.records import Record
from storage.strategies.shape import NOBODY, Job, Options, Outcome, Recent, Token


class _Waiting(NamedTuple):
    """A job in the queue, and where its caller waits."""

    job: Job
    over: Future[None]


_log = logging.getLogger("goseventh.storage")
# LMDB's own codes are negative; these say that this process must not write again, as any errno does.
_BROKEN = (
    lmdb.PanicError,
    lmdb.CorruptedError,
    lmdb.PageNotFoundError,
    lmdb.InvalidError,
    lmdb.MapResizedError,
)
# A dead reader's snapshot keeps pages from being reused: one grew a file 62-fold.
_COMMITS_PER_READER_CHECK = 256
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
        # Written by both threads, each once at most: why nothing more is taken.
        self._refusal: Unavailable | None = None
        self._broken = False
        # Set by `abandon`, on the caller's thread.
        self._abandoned = False
        self._commits = 0
        self._quiet_until = 0.0
        self._thread = Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    def submit(self, record: Record, token: Token) -> None:
        """Queues a record; its outcome comes through `deliver`. Raises Busy or Unavailable instead."""
        if self._refusal is not None:
            raise self._refusal
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

    def abandon(self) -> None:
        """Refuses what is queued; a group that is being committed is finished."""
        self._refusal = self._refusal or Unavailable("the server is stopping")
        self._abandoned = True

    def close(self) -> None:
        """Commits what is queued and ends the thread."""
        self._refusal = self._refusal or Unavailable("the server is stopping")
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
            self._check_readers()

    def _settle(self, group: list[tuple[Record, Token]]) -> None:
        try:
            outcomes = self._commit(group, self._group_limit)
        except Exception as error:
            # A thread that died would leave every later creation waiting for ever.
            outcomes = self._break(group, error)
        self._options.deliver([(token, outcome) for (_, token), outcome in zip(group, outcomes, strict=True)])

    def _do(self, job: Job, over: Future[None]) -> None:
        try:
            if self._broken and self._refusal is not None:
                raise self._refusal
            with self._environment.writing() as transaction:
                job(transaction)
        except Exception as error:
            if self._is_fatal(error):
                self._break((), error)
            over.set_exception(error)
        else:
            over.set_result(None)

    def _commit(self, group: list[tuple[Record, Token]], limit: int) -> Sequence[Outcome]:
        """One transaction for `group`, grown up to `limit` by whoever came until the write lock was had."""
        if self._gave_up():
            return self._refused(group)
        try:
            with self._environment.writing() as transaction:
                self._fill(group, limit)
                outcomes = people.apply(self._environment, transaction, [record for record, _ in group])
                emulate_flush(self._options.flush_delay)
        except Exception as error:
            return self._failed(group, error)
        self._commits += 1
        return outcomes

    def _check_readers(self) -> None:
        if self._commits >= _COMMITS_PER_READER_CHECK:
            self._commits = 0
            with suppress(lmdb.Error):
                self._environment.lmdb.reader_check()

    def _fill(self, group: list[tuple[Record, Token]], limit: int) -> None:
        while len(group) < limit and not self._abandoned and not self._queue.empty():
            waiting = self._queue.get_nowait()
            if waiting is None:
                self._queue.put(None)  # still the last one: nobody submits after close
                return
            if isinstance(waiting, _Waiting):
                self._jobs.append(waiting)
            else:
                group.append(waiting)

    def _failed(self, group: list[tuple[Record, Token]], error: Exception) -> Sequence[Outcome]:
        """What becomes of a group whose transaction was aborted. What failed on the disk is not retried."""
        if self._is_fatal(error):
            return self._break(group, error)
        if is_disk_full(error):
            self._warn("the disk is full: %s", error)
            return [Full("the disk is full")] * len(group)
        if len(group) > 1:
            # Nothing reached the disk: the one at fault fails by itself, its neighbours never notice.
            return [outcome for member in group for outcome in self._commit([member], 1)]
        if isinstance(error, lmdb.MapFullError):
            self._warn("the map is full: %s", error)
            return [Full("the store has reached its map size")]
        _log.error("a record could not be written", exc_info=error)
        return [Unavailable("this record could not be written")]

    def _is_fatal(self, error: Exception) -> bool:
        """Whether this process must not write again: after any failure of the disk but being full."""
        if is_disk_full(error):
            return not self._environment.is_full(error)
        return errno_of(error) > 0 or isinstance(error, _BROKEN)

    def _warn(self, message: str, error: Exception) -> None:
        """Logs what every creation may meet at most once in a while."""
        if monotonic() >= self._quiet_until:
            self._quiet_until = monotonic() + _QUIET_SECONDS
            _log.warning(message, error)

    def _break(self, group: Sequence[object], error: Exception | None = None) -> Sequence[Outcome]:
        """Writes no more: after a failed flush nobody knows what the kernel still holds."""
        if not self._broken:
            _log.error("the store can't be written any more: %s", error)
            self._broken = True
            self._refusal = Unavailable("the store can't be written at the moment")
            self._options.broken()
        return self._refused(group)

    def _gave_up(self) -> bool:
        """Whether nobody more is written."""
        return self._broken or self._abandoned

    def _refused(self, group: Sequence[object]) -> Sequence[Outcome]:
        assert self._refusal is not None
        return [self._refusal] * len(group)
