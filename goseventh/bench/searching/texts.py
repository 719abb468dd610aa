"""The text of all people in one piece: what plain scans look through, and what terms are taken from."""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

from index.text import ENTRY_END, FIELD_END
from storage.records import Record

Find = Callable[[bytearray, bytes, int], int]
"""The place of a needle in a text from a place on, or -1."""


class Texts:
    """Grows by the batch. People are numbered from 1 in the order they came."""

    def __init__(self) -> None:
        self.whole = bytearray()
        """Every text, each followed by ENTRY_END."""
        self._offsets = array("Q", [0])

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def add(self, batch: Sequence[Record]) -> None:
        """Adds the texts of some more people."""
        texts = [record.text for record in batch]
        self.whole += ENTRY_END.join(texts) + ENTRY_END
        ends = accumulate((len(text) + 1 for text in texts), initial=self._offsets[-1])
        next(ends)
        self._offsets.extend(ends)

    def fields(self, number: int) -> list[str]:
        """The fields of one person: nickname, name, and each element of the stack, lower-cased."""
        text = self.whole[self._offsets[number - 1] : self._offsets[number] - 1]
        return [field.decode() for field in text.split(FIELD_END)]

    def search(self, find: Find, needle: bytes, limit: int) -> list[int]:
        """Numbers of the first `limit` people whose text contains the needle."""
        found: list[int] = []
        at = find(self.whole, needle, 0)
        while at >= 0:
            number = bisect_right(self._offsets, at)
            found.append(number)
            if len(found) == limit:
                break
            at = find(self.whole, needle, self._offsets[number])
        return found
