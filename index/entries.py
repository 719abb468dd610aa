"""The term log as one table, for whoever checks it: entries by number, and where their order breaks."""

from bisect import bisect_right
from collections.abc import Iterator

from index import segment
from index.segment import Segment, SegmentError
from index.tables import Span
from index.term_log import Slice


class Entries:
    """All segments, opened in their order: some hundred bytes each. They live as long as the transaction."""

    def __init__(self) -> None:
        self.count = 0
        """How many entries can be read."""
        self.following: int | None = 1
        """The number behind the last entry; None behind a segment that can't be read."""
        # Where each segment begins, rising; None stands for entries that are not there or can't be read.
        self._firsts: list[int] = []
        self._parts: list[Segment | None] = []

    def add(self, first: int, stored: memoryview) -> Iterator[str]:
        """Takes the next segment, which begins with the entry `first`; one line a fault."""
        if self.following is not None and first != self.following:
            yield f"segment {first}: entry {self.following} was to come next"
            if first > self.following:
                self._place(self.following, None)
        try:
            part = segment.verify(stored)
        except SegmentError as error:
            yield f"segment {first}: {error}"
            self._place(first, None)
            self.following = None
            return
        self._place(first, part)
        self.count += len(part.offsets)
        self.following = max(self.following or 1, first + len(part.offsets))

    def miss(self, last: int) -> None:
        """Has it that entries up to the number `last` were there, which is beyond the last that is."""
        if self.following is not None:
            self._place(self.following, None)
            self.following = last + 1

    def find(self, number: int) -> tuple[Segment, int] | None:
        """Where the entry of this number is: its segment, and its position there; None if it can't be read.

        Raises KeyError for a number that no entry ever had.
        """
        if number < 1 or (self.following is not None and number >= self.following):
            raise KeyError(number)
        at = bisect_right(self._firsts, number) - 1
        part, position = self._parts[at], number - self._firsts[at]
        return None if part is None or position >= len(part.offsets) else (part, position)

    def slices(self, span: Span) -> list[Slice] | None:
        """All entries of a span; None if one can't be read, or never was."""
        slices: list[Slice] = []
        number = span.first
        while number < span.end:
            try:
                part, position = self.find(number) or (None, 0)
            except KeyError:
                return None
            if part is None:
                return None
            slices.append(Slice(part, position, min(len(part.offsets), position + span.end - number)))
            number += slices[-1].end - position
        return slices

    def numbered(self) -> Iterator[tuple[int, bytes]]:
        """Number and key of each entry that can be read."""
        for first, part in zip(self._firsts, self._parts, strict=True):
            if part is not None:
                for position in range(len(part.offsets)):
                    yield first + position, part.key(position)

    def _place(self, first: int, part: Segment | None) -> None:
        self._firsts.append(first)
        self._parts.append(part)
