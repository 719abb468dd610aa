"""What is searched, and how long: read from the command line."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from goseventh.bench import corpora
from goseventh.bench.searching.contenders import table
from goseventh.bench.searching.contenders.shape import Open
from goseventh.settings import SettingError
from goseventh.written import parted

LARGEST = 20_000_000
"""People at most: LMDB's map and SQLite's fill some 30 GB then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line sets; `contenders`, `creations` and `known` are there for tests, too."""

    sizes: Sequence[int] = (10_000, 100_000, 1_000_000)
    corpora: Sequence[str] = tuple(corpora.TABLE)
    contenders: Sequence[str] = tuple(table.TABLE)
    seed: int = 1
    seconds: float = 2.0  # of searches of one kind by one contender
    directory: Path | None = None  # where a temporary directory is made
    json: Path | None = None
    # Of each round of the growth measure: in the empty store, too, a tier is sealed and given its tables.
    creations: int = 20_000
    crowded_seconds: float = 5.0
    known: dict[str, Open] = field(default_factory=lambda: table.TABLE)


def sizes(written: str) -> list[int]:
    """Numbers of people from a list such as 10k,100k,1M; raises SettingError."""
    found = []
    for one in parted(written):
        digits, unit = (one[:-1], one[-1]) if one[-1:] in ("k", "M") else (one, "")
        count = int(digits) * {"": 1, "k": 1_000, "M": 1_000_000}[unit] if digits.isdecimal() else 0
        if not 100 <= count <= LARGEST:
            raise SettingError(
                f"--sizes {written}: must be numbers from 100 to {LARGEST:,}, such as 10k,100k,1M"
            )
        found.append(count)
    return found


def names(flag: str, written: str | None, known: Collection[str]) -> list[str]:
    """Some of the known names from a list parted by commas, all for None; raises SettingError."""
    found = list(known) if written is None else parted(written)
    for one in found:
        if one not in known:
            raise SettingError(f"--{flag} {written}: must be some of {','.join(known)}")
    return found
