"""Stores of many people, built as fast as that goes, for what is measured on them."""

import os
import shutil
from pathlib import Path

from goseventh.bench.corpora import Corpus, Tournament
from goseventh.bench.searching.contenders.store import Embedded
from goseventh.bench.searching.texts import Texts

_BATCH = 16_384
BYTES = 1_000
"""Written for a person, about."""
PER_SECOND = 15_000
"""People built a second, about."""


def build(directory: Path, people: int, seed: int) -> None:
    """A closed store of so many people in `directory`, which is made; its tables for the search complete."""
    directory.mkdir()
    store = Embedded(directory, Texts())
    try:
        first = 1
        for batch in Corpus(Tournament, people, seed).batches(_BATCH):
            store.add(first, batch)
            first += len(batch)
        store.finish()
    finally:
        store.close()


def copy(source: Path, target: Path) -> None:
    """A closed store once more, on the disk: what writes to it next pays for no pages but its own."""
    shutil.copytree(source, target)
    for entry in target.iterdir():
        with entry.open("rb") as file:
            os.fsync(file.fileno())
