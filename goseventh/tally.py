"""What all workers count, in memory that they share: a row each, a column for every figure.

The memory is made before the fork, and only one thread of one process ever adds to a cell, so counting takes
no lock and some 0.1 µs, and whichever worker is asked knows everybody's. A worker that takes the place of a
dead one goes on with its row: no counter ever goes back.
"""

import mmap
from bisect import bisect_left
from collections.abc import Callable
from itertools import count
from typing import Final, NamedTuple

import numpy as np

from goseventh.endpoints import ENDPOINTS

STATUSES: Final = (
    200, 201, 400, 401, 404, 405, 408, 413, 414, 417, 422, 431, 500, 503, 505, 507, 0
)  # fmt: skip
"""Those that are told apart; 0 stands for any other."""
ALERTED: Final = (500, 503, 507)
"""Those of them that are told even while there are none: who looks for a rise must have seen the 0."""
SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets of durations."""
PEOPLE: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
"""Upper bounds of the buckets of groups."""
NANO: Final = 1_000_000_000
OTHER: Final = ""
"""Stands for the endpoint of what reached none: an unknown path, a head that breaks HTTP."""
_CELL = 8

Row = memoryview
"""One worker's cells, 64-bit integers, as `Tally.row` gives them."""


class Histogram(NamedTuple):
    """Neighbouring columns: one a bucket, one for what is above all bounds, one for the sum."""

    column: int
    bounds: tuple[float, ...]
    unit: int
    """How many there are of the sum's unit to one of the bounds'."""

    @property
    def width(self) -> int:
        """How many columns it takes."""
        return len(self.bounds) + 2

    def add(self, row: "Row", value: float) -> None:
        """Counts one value, in the bounds' unit."""
        row[self.column + bisect_left(self.bounds, value)] += 1
        row[self.column + len(self.bounds) + 1] += int(value * self.unit)

    def buckets(self, cells: list[int]) -> list[int]:
        """How many values fell into each bucket, the one above all bounds last; not cumulative."""
        return cells[self.column : self.column + len(self.bounds) + 1]

    def sum(self, cells: list[int]) -> float:
        """The sum of all values, in the bounds' unit."""
        return cells[self.column + len(self.bounds) + 1] / self.unit


class Answered(NamedTuple):
    """An endpoint's columns."""

    statuses: dict[int, int]
    """Status → column."""
    seconds: Histogram

    def counter(self, row: "Row") -> Callable[[int, float], None]:
        """What counts an answer: its status, and the seconds it took.

        A closure, for every request pays for it: it finds nothing anew.
        """
        first, bounds, unit = self.seconds
        total = first + len(bounds) + 1
        other = self.statuses[0]
        status_column = self.statuses.get

        def add(status: int, seconds: float) -> None:
            row[status_column(status, other)] += 1
            row[first + bisect_left(bounds, seconds)] += 1
            row[total] += int(seconds * unit)

        return add


class _Columns:
    """Gives out columns from left to right."""

    def __init__(self) -> None:
        self._next = count()

    def one(self) -> int:
        return next(self._next)

    def durations(self) -> Histogram:
        return self._histogram(SECONDS, NANO)

    def groups(self) -> Histogram:
        return self._histogram(PEOPLE, 1)

    def _histogram(self, bounds: tuple[float, ...], unit: int) -> Histogram:
        found = Histogram(self.one(), bounds, unit)
        for _ in range(found.width - 1):
            self.one()
        return found


_columns = _Columns()
ANSWERED: Final = {
    name: Answered({status: _columns.one() for status in STATUSES}, _columns.durations())
    for name in (*(endpoint.name for endpoint in ENDPOINTS), OTHER)
}
"""Endpoint → its columns."""
SEARCHES: Final = {kind: _columns.durations() for kind in ("exact", "fuzzy")}
BLOCKS: Final = _columns.one()
"""Blocks of people that exact searches met, where there are signatures."""
SKIPPED: Final = _columns.one()
"""Those of them that the signatures let them pass over."""
GROUPS: Final = _columns.groups()
COMMITS: Final = _columns.durations()
STARTS: Final = _columns.one()
"""How many workers have begun in this row's place."""
SERVED: Final = _columns.one()
"""How many of them have got to serve."""
SERVING: Final = _columns.one()
"""1 while one serves."""
SHED: Final = _columns.one()
"""Connections that had to go, or were not let in, for there were too many."""
CONNECTIONS: Final = _columns.one()
WAITING: Final = _columns.one()
"""Creations that wait to be written."""
_WIDTH = _columns.one()


class Tally:
    """The memory itself; made before the fork."""

    def __init__(self, workers: int) -> None:
        self._memory = mmap.mmap(-1, workers * _WIDTH * _CELL)
        self._cells = memoryview(self._memory).cast("q")
        self._workers = workers

    def row(self, index: int) -> Row:
        """The cells of the worker at this place."""
        return self._cells[index * _WIDTH : (index + 1) * _WIDTH]

    def sums(self) -> list[int]:
        """Every column's sum over all workers."""
        found: list[int] = self._table().sum(axis=0).tolist()
        return found

    def column(self, number: int) -> list[int]:
        """One column, a cell a worker."""
        found: list[int] = self._table()[:, number].tolist()
        return found

    def _table(self) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
        return np.frombuffer(self._memory, np.int64).reshape(self._workers, -1)[:, :_WIDTH]
