"""The main process: binds, forks the workers, replaces the dead, passes on the stop.

Sanic's own manager never replaces a worker that died, leaves orphans when it is killed, and may hang when
it is stopped while a worker starts; and its state costs a process of its own. Workers here are forked from
a process that has imported everything and opened nothing, so they start at once and share its memory.
"""

import ctypes
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import NoReturn

# A worker's job: in its place among all, serve on the socket, call `ready`, return the exit code.
Work = Callable[[int, socket.socket, Callable[[], None]], int]

_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_WATCHED = (*_STOPPING, signal.SIGCHLD)
# Docker kills after 10 s, and a user's patience ends sooner.
_STOP_SECONDS = 4.5
# A worker that dies before it served was not unlucky: after so many in a row, each, the server gives up.
_FAILED_STARTS = 3
# Whoever ends sooner than this is not replaced at once, so that a dead disk does not make a loop of forks.
_YOUNG_SECONDS = 1.0
_RETRY_SECONDS = 0.2
# How long to wait for a signal at a time; shorter while a worker starts, is due or ends.
_QUIET_SECONDS = 60.0
_BUSY_SECONDS = 0.02
_PR_SET_PDEATHSIG = 1
# Bytes of answers that the kernel holds for a connection beyond those under way; the rest is ours to count.
_UNSENT = 16 << 10
# Bytes of requests that it holds for one; Linux takes twice that number, for what it needs beside them.
_UNREAD = 64 << 10

_log = logging.getLogger("goseventh")


def listen(host: str, port: int, count: int, backlog: int) -> list[socket.socket]:
    """One listening socket a worker, all on one address; the kernel shares connections out among them.

    The supervisor keeps them open, so connections to a worker that died wait for the next one.
    Raises OSError, also when another program listens there: without that look the kernel would share with it.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        probe.listen(1)
        address = probe.getsockname()
    listeners = []
    for _ in range(count):
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        # Its connections inherit both. Without them the kernel would take megabytes for each that reads
        # nothing, or sends requests ahead.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _UNREAD)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT)
        listener.bind(address)
        listener.listen(backlog)
        listener.setblocking(False)
        listeners.append(listener)
    return listeners


class Supervisor:
    """Keeps one worker a socket alive until told to stop."""

    def __init__(self, listeners: list[socket.socket], work: Work, started: Callable[[], None]) -> None:
        """`started` is called once, when every worker serves."""
        self._listeners = listeners
        self._work = work
        self._started = started
        # The workers alive: process id → index of its socket.
        self._workers: dict[int, int] = {}
        # Sockets without a worker: index → when to fork one, by the monotonic clock.
        self._due = dict.fromkeys(range(len(listeners)), 0.0)
        # Indices of sockets whose worker serves; workers tell through the pipe, one byte each.
        self._serving: set[int] = set()
        self._all_served = False
        self._ready_reader, self._ready_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._failed_starts = 0
        # When each socket's worker was forked.
        self._forked: dict[int, float] = {}
        # When stopping: until when workers may finish.
        self._stop_by: float | None = None

    def run(self) -> int:
        """Runs until the last worker has ended after a stop. Returns the exit code: 0 for an orderly stop."""
        gc.collect()
        gc.freeze()
        # Blocked here and fetched below: no signal is ever missed, not even between a fork and a handler.
        signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        code = 0
        while self._workers or self._stop_by is None:
            self._fork_due()
            received = self._next_signal()
            self._note_serving()
            if received in _STOPPING:
                if self._stop_by is not None:
                    return self._kill(128 + received)
                self._reap()  # who ended before is no fault of the stop
                self._stop()
            code = max(code, self._reap())
            if self._failed_starts >= _FAILED_STARTS * len(self._listeners):
                _log.error("workers end before they serve: giving up")
                return self._kill(1)
            if self._stop_by is not None and monotonic() > self._stop_by:
                _log.error("workers did not finish in %s seconds", _STOP_SECONDS)
                return self._kill(1)
        return code

    def _fork_due(self) -> None:
        now = monotonic()
        for index in [index for index, due in self._due.items() if due <= now]:
            del self._due[index]
            _flush_output()
            parent = os.getpid()
            self._forked[index] = now
            try:
                worker = os.fork()
            except OSError as error:
                _log.error("no worker can be started at the moment: %s", error)
                self._due[index] = now + _RETRY_SECONDS
                continue
            if worker == 0:
                self._become_worker(index, parent)
            self._workers[worker] = index

    def _become_worker(self, index: int, parent: int) -> NoReturn:
        """In the forked process: does the work and exits, come what may."""
        code = 1
        try:
            die_with(parent)
            for other in self._listeners:
                if other is not self._listeners[index]:
                    other.close()
            code = self._work(index, self._listeners[index], lambda: self._tell_serving(index))
        except BaseException:
            _log.exception("a worker failed")
        finally:
            _flush_output()
            os._exit(code)

    def _tell_serving(self, index: int) -> None:
        os.write(self._ready_writer, bytes([index]))

    def _note_serving(self) -> None:
        try:
            told = os.read(self._ready_reader, 4096)
        except BlockingIOError:
            return
        self._serving.update(told)
        self._failed_starts = 0
        if not self._all_served and len(self._serving) == len(self._listeners):
            self._all_served = True
            self._started()

    def _next_signal(self) -> int:
        """Waits for a signal, shortly while something else is awaited too; 0 for none."""
        quiet = len(self._serving) == len(self._listeners) and not self._due and self._stop_by is None
        received = signal.sigtimedwait(_WATCHED, _QUIET_SECONDS if quiet else _BUSY_SECONDS)
        return received.si_signo if received is not None else 0

    def _reap(self) -> int:
        """Collects the dead and has them replaced. Returns 1 if one failed while stopping, else 0."""
        code = 0
        while self._workers:
            worker, status = os.waitpid(-1, os.WNOHANG)
            if worker == 0:
                break
            index = self._workers.pop(worker, None)
            if index is None:
                continue  # as process 1 of a container it inherits every orphan
            ended = os.waitstatus_to_exitcode(status)
            if self._stop_by is not None:
                code = max(code, min(1, abs(ended)))
                continue
            served = index in self._serving
            self._serving.discard(index)
            self._failed_starts += not served
            young = monotonic() - self._forked[index] < _YOUNG_SECONDS
            self._due[index] = monotonic() + (_RETRY_SECONDS if young else 0)
            _log.warning("worker %d ended with %d: starting another", worker, ended)
        return code

    def _stop(self) -> None:
        self._stop_by = monotonic() + _STOP_SECONDS
        self._due.clear()
        # Each worker closes its own when it has seen to those who wait there; then connections are refused.
        for listener in self._listeners:
            listener.close()
        for worker in self._workers:
            os.kill(worker, signal.SIGTERM)

    def _kill(self, code: int) -> int:
        for worker in self._workers:
            os.kill(worker, signal.SIGKILL)
        for worker in self._workers:
            os.waitpid(worker, 0)
        return code


def _flush_output() -> None:
    """Before a fork, or both processes would write what is buffered; a closed one is no reason to end."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()


def die_with(parent: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Has the kernel end this process, by that signal, when the main one ends, however that ends."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)
