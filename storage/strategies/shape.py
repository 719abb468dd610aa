"""What every write strategy is: a writer, and what it needs to start."""

from collections.abc import Callable
from typing import Generic, NamedTuple, Protocol, TypeVar

from storage.committer import Deliver, Job
from storage.records import Record

Token = TypeVar("Token")
Token_contra = TypeVar("Token_contra", contravariant=True)


class Writer(Protocol[Token_contra]):
    """Takes records from one thread and answers from another."""

    def submit(self, record: Record, token: Token_contra) -> None:
        """Takes a record; its outcome is delivered with `token`. Raises Busy or Unavailable instead."""

    def transact(self, job: Job) -> None:
        """Runs `job` in a write transaction of its own and returns when that is committed, or raises."""

    def close(self) -> None:
        """Finishes what was taken; nothing may be submitted after."""


class Options(NamedTuple, Generic[Token]):
    """What the caller gives to any strategy."""

    queue_limit: int
    """The most records that wait."""
    deliver: Deliver[Token]
    """Called on the writer's thread with outcomes that hold."""
    broken: Callable[[], None]
    """Called once when this process can't write any more and must be replaced."""
