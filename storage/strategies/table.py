"""The one table of write strategies and of what each promises."""

from collections.abc import Callable
from typing import Any, NamedTuple

from storage.environment import Environment
from storage.strategies import group_commit, memory_queue, per_request, write_behind
from storage.strategies.shape import Options, Writer


class Strategy(NamedTuple):
    """A row: what users choose by."""

    name: str
    created_means: str
    """What a 201 says, as the end of the sentence "a 201 means …"."""
    kill_loses: str
    """What `kill -9` of every process loses."""
    power_cut_loses: str
    choose_when: str
    open_writer: Callable[[Environment, Options[Any]], Writer[Any]]
    reads_log: bool = False
    """Whether whoever waits in the log is seen; if not, nobody may wait there."""

    def within(self, window: float) -> "Strategy":
        """The row with the window filled in, given in seconds."""
        texts = self._asdict() | {
            name: value.format(window=f"{window * 1000:g} ms")
            for name, value in self._asdict().items()
            if isinstance(value, str)
        }
        return Strategy(**texts)

    @property
    def promise(self) -> str:
        """The row in one sentence."""
        return (
            f"a 201 means {self.created_means}; "
            f"kill -9 loses {self.kill_loses}, a power cut loses {self.power_cut_loses}"
        )


TABLE = (
    Strategy(
        "group-commit",
        created_means="a transaction shared with its neighbours is on disk",
        kill_loses="nothing",
        power_cut_loses="nothing",
        choose_when="always, unless you know better",
        open_writer=group_commit.open_writer,
    ),
    Strategy(
        "per-request",
        created_means="its own transaction is on disk",
        kill_loses="nothing",
        power_cut_loses="nothing",
        choose_when="to see what sharing a flush saves",
        open_writer=per_request.open_writer,
    ),
    Strategy(
        "write-behind",
        created_means=(
            "unique, and visible to every worker; on disk within {window}, or no more answers until it is"
        ),
        kill_loses="nothing",
        power_cut_loses="at most {window} of answers: the last that were given",
        choose_when="the disk is slow, and a power cut may cost {window} of answers",
        open_writer=write_behind.open_writer,
        reads_log=True,
    ),
    Strategy(
        "memory-queue",
        created_means="valid, and free as far as this worker knows (UNSAFE)",
        kill_loses="what waits in that worker, up to 1 s and a flush",
        power_cut_loses="the same; and a nickname taken meanwhile is dropped after its 201",
        choose_when="never for data that matters; to see what fast tournament entries do",
        open_writer=memory_queue.open_writer,
    ),
)
DEFAULT = TABLE[0]
WINDOW_SECONDS = 0.2
"""How many seconds of answers `write-behind` may have at risk unless told otherwise."""
ADVICE = f"if unsure, use {DEFAULT.name}"


def find(name: str) -> Strategy:
    """The strategy of that name; KeyError for none."""
    return {strategy.name: strategy for strategy in TABLE}[name]
