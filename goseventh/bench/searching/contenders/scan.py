"""Plain scans: no index, the whole text in memory, one call to find the next place."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import stringzilla

from goseventh.bench.searching.contenders.shape import EXACT, Search
from goseventh.bench.searching.texts import Find, Texts
from index.text import needle
from storage.records import Record


class Scan:
    """Looks through the text that the benchmark has in memory anyway."""

    def __init__(self, texts: Texts, find: Find, settings: str) -> None:
        self.settings = settings
        self.ways: Mapping[str, Search] = {EXACT: lambda term, limit: texts.search(find, needle(term), limit)}

    def add(self, first: int, batch: Sequence[Record]) -> None:
        """Nothing: there is no index."""

    def finish(self) -> None:
        """Nothing: there is no index."""

    def index_bytes(self) -> int:
        return 0

    def numbers(self, found: Any) -> list[int]:
        return list(found)

    def close(self) -> None:
        """Nothing was started."""


def plain(directory: Path, texts: Texts) -> Scan:
    """`bytes.find`, as any program could do."""
    return Scan(texts, bytearray.find, "bytes.find over all text in memory")


def simd(directory: Path, texts: Texts) -> Scan:
    """StringZilla's find."""
    return Scan(
        texts, stringzilla.find, f"StringZilla {stringzilla.__version__} find over all text in memory"
    )
