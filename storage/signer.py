"""Gives sealed segments their signatures, on a thread of its own and outside any transaction.

A search is exact with or without them: what goes wrong here costs speed, never a creation.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Event, Thread

import lmdb

from index import segment, signature, term_log
from storage import people
from storage.environment import Environment
from storage.strategies.shape import Job

_log = logging.getLogger("goseventh.storage")


class Signer:
    """Builds what is missing when the store opens and whenever a segment was sealed."""

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
        # The writer's: up to which number it has asked for signatures.
        self._asked = 0
        self._complained = False
        self._thread = Thread(target=self._run, name="signer", daemon=True)
        self._thread.start()

    def committed(self) -> None:
        """Called after each commit, on the commit thread: wakes the signer if something was sealed."""
        with suppress(lmdb.Error), self._environment.lmdb.begin() as snapshot:
            sealed = term_log.sealed(people.count(self._environment, snapshot))
            if sealed > self._asked:
                self._asked = sealed
                self._wanted.set()

    def close(self) -> None:
        """Ends the thread within a segment's work, some 20 ms. The writer must still be open."""
        self._closing = True
        self._wanted.set()
        self._thread.join()

    def _run(self) -> None:
        while self._wanted.wait() and not self._closing:
            self._wanted.clear()
            try:
                for number in self._unsigned():
                    if self._closing:
                        return
                    self._sign(number)
            except Exception as error:
                if not self._complained:
                    self._complained = True
                    _log.warning("searches stay slower than they could be, without signatures: %r", error)

    def _unsigned(self) -> Iterator[int]:
        with self._environment.lmdb.begin() as snapshot:
            sealed = term_log.sealed(people.count(self._environment, snapshot))
            signed = set(term_log.numbers(snapshot, self._environment.signatures))
            numbers = list(term_log.numbers(snapshot, self._environment.terms))
        return (number for number in numbers if number <= sealed and number not in signed)

    def _sign(self, number: int) -> None:
        key = term_log.key_of(number)
        with self._environment.lmdb.begin() as snapshot:
            # Another worker wakes up for the same segments.
            if snapshot.get(key, db=self._environment.signatures) is not None:
                return
            stored = snapshot.get(key, b"", db=self._environment.terms)
        built = signature.build(segment.read(memoryview(stored)))
        signatures = self._environment.signatures
        self._transact(lambda transaction: transaction.put(key, built, overwrite=False, db=signatures))
