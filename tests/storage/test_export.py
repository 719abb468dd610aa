"""Everybody in order, or a fault: an export never passes over somebody silently."""

import shutil
from pathlib import Path

import pytest

from index import term_log
from storage.beside import reading
from storage.errors import Faulty
from storage.export import documents
from tests.storage.damage import COUNT, Whole, writing

MAP_SIZE = 1 << 30


@pytest.fixture
def place(whole: Whole, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(whole.place, tmp_path / "store"))


def exported(place: Path) -> list[bytes]:
    with reading(place, MAP_SIZE) as store, store.lmdb.begin() as snapshot:
        return list(documents(store, snapshot))


def test_everybody_is_there(place: Path) -> None:
    assert len(exported(place)) == COUNT


@pytest.mark.parametrize("first", [1, 17, 33])
def test_a_lost_segment_is_told(place: Path, whole: Whole, first: int) -> None:
    with writing(place, whole.ids) as store:
        store.delete(store.terms, term_log.key_of(first))
    with pytest.raises(Faulty, match="see what verify says"):
        exported(place)
