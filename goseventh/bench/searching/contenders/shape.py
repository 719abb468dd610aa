"""What every contender is: it takes all people in batches, then answers searches."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from goseventh.bench.searching.texts import Texts
from storage.records import Record

Search = Callable[[str, int], Any]
"""Takes a term and a limit; what it returns is for the contender's own `numbers` to read."""

EXACT, FUZZY = "exact", "fuzzy"

# The databases take text, which has neither of `index.text`'s border bytes. No term has this character.
FIELD_BORDER = b"\x1f"


class Contender(Protocol):
    """People are numbered from 1 in the order they come, and are told by these numbers."""

    settings: str
    """How it was set up, and what it answers with, for the report."""
    ways: Mapping[str, Search]
    """Its ways to search: EXACT, and FUZZY where it has one that can be compared."""

    def add(self, first: int, batch: Sequence[Record]) -> None:
        """Takes more people, numbered from `first` on."""

    def finish(self) -> None:
        """Everybody came: makes the index ready to be searched at its best."""

    def index_bytes(self) -> int:
        """Bytes on disk that searching needs beyond the rows themselves."""

    def numbers(self, found: Any) -> list[int]:
        """The people whom a search returned, in its order. Not measured."""

    def close(self) -> None:
        """Ends whatever was started. Harmless at any time; its files are removed by others."""


Open = Callable[[Path, Texts], Contender]
"""Starts one in an empty directory; all text is there in memory for whoever scans that."""
