"""Damage of the file itself, which is found without letting LMDB touch it."""

import errno
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import lmdb
import pytest

from storage import audit
from storage.errors import Unusable
from storage.layout import DATA_FILE, LOCK_FILE
from storage.verify import verify
from tests.storage.damage import Whole, writing
from tests.storage.samples import read

PAGE = 4096
# A database as LMDB describes it: pad, flags, depth; branch, leaf and overflow pages; entries; root.
_DATABASE = struct.Struct("<IHHQQQQQ")
# Behind a page's header: magic, version, address, map size, two databases (free pages, names), last page and
# transaction.
_META = struct.Struct("<IIQQ48s48sQQ")
_HEADER = 16


class File:
    """The bytes of a store's file."""

    def __init__(self, place: Path) -> None:
        self.path = place / DATA_FILE
        self.bytes = bytearray(self.path.read_bytes())
        metas = [_META.unpack_from(self.bytes, page * PAGE + _HEADER) for page in range(2)]
        newest = max(metas, key=lambda meta: int(meta[-1]))
        self.pages = int(newest[-2]) + 1
        self.free, self.names = (_DATABASE.unpack(described)[-1] for described in newest[4:6])
        with lmdb.open(str(place), readonly=True, lock=False, max_dbs=8) as environment:
            named = [environment.open_db(bytes(name), create=False) for name in environment.dbs()]
            with environment.begin() as snapshot:
                self.people = _DATABASE.unpack(snapshot.get(b"people", b""))[-1]
                counts = [environment.stat(), *(snapshot.stat(database) for database in named)]
        # The two metas, the page that lists what is free, and those of all other databases.
        self.live = 3 + sum(c["branch_pages"] + c["leaf_pages"] + c["overflow_pages"] for c in counts)

    def zero(self, page: int) -> None:
        self.bytes[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)

    def node(self, page: int, number: int) -> int:
        """Where a node of a page begins."""
        at = page * PAGE
        return int(at + struct.unpack_from("<H", self.bytes, at + _HEADER + 2 * number)[0])

    def write(self) -> None:
        self.path.write_bytes(self.bytes)


@pytest.fixture
def place(whole: Whole, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(whole.place, tmp_path / "store"))


def a_root_zeroed(file: File) -> None:
    file.zero(file.people)


def the_names_of_databases_zeroed(file: File) -> None:
    file.zero(file.names)


def the_list_of_free_pages_zeroed(file: File) -> None:
    file.zero(file.free)


def a_live_page_in_the_list_of_free_pages(file: File) -> None:
    # Behind the node's header and its key, 8 bytes each: how many pages, and which.
    struct.pack_into("<Q", file.bytes, file.node(file.free, 0) + 24, file.people)


def the_metas_zeroed(file: File) -> None:
    file.zero(0)
    file.zero(1)


def the_second_meta_zeroed(file: File) -> None:
    file.zero(1)


def a_page_of_another_number(file: File) -> None:
    file.bytes[file.people * PAGE] ^= 1


def a_branch_that_leads_out_of_the_file(file: File) -> None:
    struct.pack_into("<H", file.bytes, file.node(file.people, 0), 0xFFFF)


def a_branch_that_leads_to_itself(file: File) -> None:
    struct.pack_into("<H", file.bytes, file.node(file.people, 0), file.people)


def a_branch_that_lost_a_node(file: File) -> None:
    behind_nodes = file.people * PAGE + _HEADER - 4
    struct.pack_into("<H", file.bytes, behind_nodes, _HEADER + 2)


def a_leaf_in_disorder(file: File) -> None:
    [leaf] = struct.unpack_from("<H", file.bytes, file.node(file.people, 0))
    nodes = leaf * PAGE + _HEADER
    file.bytes[nodes : nodes + 4] = file.bytes[nodes + 2 : nodes + 4] + file.bytes[nodes : nodes + 2]


@pytest.mark.parametrize(
    ("plant", "expected"),
    [
        (a_root_zeroed, "main/people DB: page {people} stores mp_pgno 0"),
        (the_names_of_databases_zeroed, "main DB: page {names} stores mp_pgno 0"),
        (the_list_of_free_pages_zeroed, "freeDB DB: page {free} stores mp_pgno 0"),
        (
            a_live_page_in_the_list_of_free_pages,
            "1 page(s) are both reachable and in the freeDB (first: page {people})",
        ),
        (the_metas_zeroed, "not an LMDB data file"),
        (the_second_meta_zeroed, "page 1 is not marked P_META"),
        (a_page_of_another_number, "main/people DB: page {people} stores mp_pgno"),
        (a_branch_that_leads_out_of_the_file, "main/people DB references out-of-range page 65535"),
        (a_branch_that_leads_to_itself, "page {people} is reachable more than once"),
        (a_branch_that_lost_a_node, "main/people DB: walked 1 leaf pages, record says 2"),
        (a_leaf_in_disorder, "main/people DB: leaf keys out of order"),
    ],
)
def test_a_damaged_page_is_found(place: Path, plant: Callable[[File], None], expected: str) -> None:
    file = File(place)
    plant(file)
    file.write()
    assert expected.format(**vars(file)) in " ".join(only_structure(place))


def only_structure(place: Path) -> list[str]:
    """That the file is faulty and nothing else was looked at; what is said."""
    *lines, last = verify(place, read)
    assert lines != []
    assert all(line.startswith("structure: ") for line in lines)
    assert last == "structure: nothing else was checked, for to read on could end the process"
    return lines


def test_any_zeroed_page_is_found_unless_it_is_free(whole: Whole, tmp_path: Path) -> None:
    missed = []
    for page in range(File(whole.place).pages):
        place = Path(shutil.copytree(whole.place, tmp_path / str(page)))
        file = File(place)
        file.zero(page)
        file.write()
        if list(verify(place, read)) == []:
            missed.append(page)
    assert len(missed) == file.pages - file.live


@pytest.mark.parametrize("kept", [0, 1, PAGE - 1, PAGE, 2 * PAGE, 0.5])
def test_a_cut_file_is_found(place: Path, kept: float) -> None:
    file = File(place)
    os.truncate(file.path, int(len(file.bytes) * kept) if isinstance(kept, float) else kept)
    only_structure(place)


def test_a_file_without_the_end_of_its_last_value_is_found(whole: Whole, place: Path) -> None:
    with writing(place, whole.ids) as store:
        store.put(store.meta, b"large", b"x" * 100 * PAGE)
    path = place / DATA_FILE
    os.truncate(path, path.stat().st_size - PAGE)  # the audit reads only the first page of a value
    assert list(verify(place, read)) == [f"{path} is shorter than its own index says: restore a backup"]


@pytest.mark.parametrize("garbage", [b"mine", bytes(1 << 16), b"\xff" * (1 << 16), bytes(range(256)) * 256])
def test_a_file_that_is_no_store_is_found(place: Path, garbage: bytes) -> None:
    (place / DATA_FILE).write_bytes(garbage)
    only_structure(place)


def test_a_file_of_the_other_engine_is_no_store(tmp_path: Path) -> None:
    with (
        lmdb.open(str(tmp_path), max_dbs=8, lib_version=1) as theirs,
        theirs.begin(write=True) as transaction,
    ):
        theirs.open_db(b"people", transaction)
    with pytest.raises(Unusable, match="another LMDB format"):
        list(verify(tmp_path, read))


def test_a_disk_that_can_not_be_read_is_found(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_PIECE", 2 * PAGE)
    real = os.pread

    def fail(file: int, size: int, at: int) -> bytes:
        if at == 4 * PAGE:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(file, size, at)

    monkeypatch.setattr(os, "pread", fail)
    assert only_structure(place) == ["structure: bytes 16384 to 24575 can't be read: Input/output error"]


def test_what_was_checked_is_as_it_was(place: Path) -> None:
    (place / LOCK_FILE).unlink()
    changed = place.stat().st_mtime_ns
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in place.iterdir()}
    assert list(verify(place, read)) == []
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in place.iterdir()} == before
    assert place.stat().st_mtime_ns == changed
