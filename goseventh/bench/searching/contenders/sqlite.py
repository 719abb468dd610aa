"""SQLite: a table of the same rows, and an FTS5 index with the trigram tokenizer."""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from goseventh.bench.corpora import NotAvailable
from goseventh.bench.searching.contenders.shape import EXACT, FIELD_BORDER, Search
from goseventh.bench.searching.texts import Texts
from goseventh.like import like
from index.text import FIELD_END
from storage.records import Record

# The tokenizer knows no shorter terms; they are looked for in each row.
_GRAM = 3
# Nothing is synchronous: a benchmark's build may be lost. FTS5 gathers 64 MB of postings at a time.
_SETTINGS = "journal_mode=off, synchronous=off, cache_size=256 MB, mmap_size=16 GB, FTS5 hashsize=64 MB"
_SETUP = """
    PRAGMA journal_mode=off; PRAGMA synchronous=off; PRAGMA cache_size=-262144; PRAGMA mmap_size=17179869184;
    ATTACH DATABASE '{index}' AS grams;
    PRAGMA grams.journal_mode=off; PRAGMA grams.synchronous=off; PRAGMA grams.cache_size=-262144;
    PRAGMA grams.mmap_size=17179869184;
    CREATE TABLE main.people (number INTEGER PRIMARY KEY, text TEXT NOT NULL);
    CREATE VIRTUAL TABLE grams.entries USING fts5
        (text, content='', columnsize=0, tokenize='trigram case_sensitive 1');
    INSERT INTO grams.entries (entries, rank) VALUES ('hashsize', 67108864);
"""
_BY_GRAMS = "SELECT rowid FROM grams.entries WHERE entries MATCH ? ORDER BY rowid LIMIT ?"
_BY_ROW = "SELECT number FROM main.people WHERE text LIKE ? ESCAPE '\\' ORDER BY number LIMIT ?"


class Sqlite:
    """Rows and index are two files, so that the index's size is seen."""

    settings = (
        f"SQLite {sqlite3.sqlite_version}, FTS5 trigram, contentless, optimized after the load, {_SETTINGS}; "
        f"answers with row numbers; terms under {_GRAM} characters, which FTS5 can't find, by LIKE"
    )

    def __init__(self, directory: Path, texts: Texts) -> None:
        """Raises NotAvailable where Python's SQLite comes without the tokenizer."""
        self._index = directory / "grams.db"
        self._connection = sqlite3.connect(directory / "people.db", isolation_level=None)
        try:
            self._connection.executescript(_SETUP.format(index=str(self._index).replace("'", "''")))
        except sqlite3.OperationalError as error:
            self._connection.close()
            raise NotAvailable(f"SQLite {sqlite3.sqlite_version} has no trigram index: {error}") from None
        self.ways: Mapping[str, Search] = {EXACT: self._search}

    def add(self, first: int, batch: Sequence[Record]) -> None:
        rows = [
            (number, record.text.replace(FIELD_END, FIELD_BORDER).decode())
            for number, record in enumerate(batch, first)
        ]
        self._connection.execute("BEGIN")
        self._connection.executemany("INSERT INTO main.people VALUES (?, ?)", rows)
        self._connection.executemany("INSERT INTO grams.entries (rowid, text) VALUES (?, ?)", rows)
        self._connection.execute("COMMIT")

    def finish(self) -> None:
        self._connection.execute("INSERT INTO grams.entries (entries) VALUES ('optimize')")

    def index_bytes(self) -> int:
        return self._index.stat().st_size

    def numbers(self, found: Any) -> list[int]:
        return [number for (number,) in found]

    def close(self) -> None:
        self._connection.close()

    def _search(self, term: str, limit: int) -> list[Any]:
        lowered = term.lower()
        if len(lowered) < _GRAM:
            return self._connection.execute(_BY_ROW, (like(lowered), limit)).fetchall()
        phrase = '"' + lowered.replace('"', '""') + '"'
        return self._connection.execute(_BY_GRAMS, (phrase, limit)).fetchall()
