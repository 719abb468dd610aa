"""What every write strategy is: a writer, what it needs to start, and what it knows beyond the store."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from lmdb import Transaction

from storage.environment import Environment
from storage.errors import StoreError
from storage.observer import NOBODY as NO_OBSERVER
from storage.observer import Observer
from storage.people import Created, Taken
from storage.records import Person, Record

Token = TypeVar("Token")
Token_contra = TypeVar("Token_contra", contravariant=True)


Outcome = Created | Taken | StoreError
"""What became of one record. Created is said when the strategy's promise holds."""

Deliver = Callable[[Sequence[tuple[Token, Outcome]]], None]
"""Takes the outcomes of a group; called on whatever thread they became known on."""


Job = Callable[["Transaction[bytes]"], object]
"""Something else to be done in a write transaction."""


class Recent(Protocol):
    """People who were answered and may not be durable yet, as of one moment before a snapshot was taken."""

    def people(self, environment: Environment, snapshot: "Transaction[Any]") -> Sequence[Person]:
        """Those who are not in the snapshot, oldest first."""


class Nobody:
    """Nobody is answered before being durable, so that readers need not ask which strategy runs."""

    def people(self, environment: Environment, snapshot: "Transaction[Any]") -> Sequence[Person]:
        return ()


NOBODY = Nobody()


class Writer(Protocol[Token_contra]):
    """Takes records from one thread and answers from another."""

    def submit(self, record: Record, token: Token_contra) -> None:
        """Takes a record; its outcome is delivered with `token`. Raises Busy, Full or Unavailable instead."""

    def get(self, key: bytes) -> bytes | None:
        """The document of a person who was answered and may not be durable yet. Ask before the store."""

    def recent(self) -> Recent:
        """Who was answered and may not be durable yet, as of now. Ask before a snapshot; any thread may."""

    def transact(self, job: Job) -> None:
        """Runs `job` in a write transaction of its own and returns when that is committed, or raises."""

    def waiting(self) -> int:
        """How many wait to be written. For any thread, as the next one is."""

    def refusal(self) -> StoreError | None:
        """Why nobody would be taken now, however few wait."""

    def abandon(self) -> None:
        """Takes no more, and refuses as Unavailable who was not answered and whose turn has not come."""

    def close(self) -> None:
        """Finishes what was taken; nothing may be submitted after."""


class Options(NamedTuple, Generic[Token]):
    """What the caller gives to any strategy."""

    directory: Path
    """Where the store is."""
    queue_limit: int
    """The most records that wait."""
    deliver: Deliver[Token]
    """Called with outcomes that hold as the strategy promises."""
    window: float
    """Seconds of answers that `write-behind` may have at risk."""
    observer: Observer = NO_OBSERVER
    """Told of every group."""
