"""Each kind of damage, planted in a real store, is found and said as it is, and nothing else is."""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from index import tables, term_log
from index.tables import Span
from storage import pending_log, records
from storage.environment import HEAD_KEY, MOVED_KEY
from storage.errors import Unusable
from storage.pending_format import Group
from storage.pending_log import PendingLog
from storage.records import Head, clock_now, format_id, give_id
from storage.verify import count, verify
from tests.storage.damage import COUNT, NOBODY, OTHER, PARTS, SPAN, Store, Whole, writing
from tests.storage.samples import read, record

Plant = Callable[[Store], None]
DAMAGE: list[tuple[Plant, list[str]]] = []


def found(*lines: str) -> Callable[[Plant], Plant]:
    """Puts a kind of damage into the table, with what is said of it; "#3" stands for the id of person 3."""

    def add(plant: Plant) -> Plant:
        DAMAGE.append((plant, list(lines)))
        return plant

    return add


@pytest.fixture
def place(whole: Whole, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(whole.place, tmp_path / "store"))


@found()
def nothing(store: Store) -> None:
    """Nothing."""


# People


@found("person #3: checksum differs")
def a_byte_of_a_document(store: Store) -> None:
    store.flip(store.people, store.ids[3], -2)


@found("person #3: checksum differs")
def a_byte_of_a_checksum(store: Store) -> None:
    store.flip(store.people, store.ids[3], 8)


@found("person #3: checksum differs")
def a_byte_of_a_number(store: Store) -> None:
    store.flip(store.people, store.ids[3], 7)


@found("person #3: shorter than its header")
def a_cut_person(store: Store) -> None:
    store.put(store.people, store.ids[3], b"short")


@found("person #3: checksum differs", "person #4: checksum differs")
def two_people_under_each_others_ids(store: Store) -> None:
    store.swap(store.people, store.ids[3], store.ids[4])


@found("nickname 'number 3': nobody has its id #3", "entry 3: nobody has its id #3")
def a_person_gone(store: Store) -> None:
    store.delete(store.people, store.ids[3])


@found(
    "person #0: its document has another id",
    "person #0: its nickname 'number 3' is that of person #3",
    "person #0: its number 3 is that of person #3",
)
def a_person_too_many(store: Store) -> None:
    store.put(store.people, NOBODY, records.pack_person(NOBODY, 3, store.document(3)))


@found("person #3: its document is no sample")
def a_document_that_is_none(store: Store) -> None:
    store.rewrite(3, b"{")


@found("person #3: its document has another id")
def a_document_with_another_id(store: Store) -> None:
    store.rewrite(3, b'{"id":"x","nickname":"number 3","padding":0}')


@found(
    "person #3: its nickname 'other' is missing",
    "person #3: entry 3 has another text",
    "nickname 'number 3': it leads to person #3, whose it is not",
)
def a_document_with_another_nickname(store: Store) -> None:
    store.rename(3, "other")


@found("person #3: its nickname can't be a key")
def a_nickname_that_no_key_can_be(store: Store) -> None:
    store.rename(3, "n" * 512)


@found("person #3: its nickname can't be a key")
def an_empty_nickname(store: Store) -> None:
    store.rewrite(3, b'{"nickname":"","padding":0}')


@found("person #3: its number 4 is that of person #4", "entry 3: it leads to person #3, whose number is 4")
def two_people_of_one_number(store: Store) -> None:
    store.rewrite(3, store.document(3), sequence=4)


@found(
    "person #3: there is no entry 41, which is its number",
    "entry 3: it leads to person #3, whose number is 41",
)
def a_number_beyond_the_last(store: Store) -> None:
    store.rewrite(3, store.document(3), sequence=41)


@found(
    "person #3: there is no entry 0, which is its number", "entry 3: it leads to person #3, whose number is 0"
)
def number_0(store: Store) -> None:
    store.rewrite(3, store.document(3), sequence=0)


# Nicknames


@found("person #3: its nickname 'number 3' is missing")
def a_nickname_missing(store: Store) -> None:
    store.delete(store.nicknames, b"number 3")


@found("nickname '\\U0001f99c\\\\xff': nobody has its id #0")
def a_nickname_of_nobody(store: Store) -> None:
    store.put(store.nicknames, b"\xf0\x9f\xa6\x9c\xff", NOBODY)


@found("nickname 'number 3': nobody has its id ----")
def a_nickname_of_what_is_no_id(store: Store) -> None:
    store.put(store.nicknames, b"number 3", b"")


@found("nickname 'other': it leads to person #3, whose it is not")
def a_nickname_too_many(store: Store) -> None:
    store.put(store.nicknames, b"other", store.ids[3])


@found("nickname 'number 3': it leads to person #4, whose it is not")
def a_nickname_that_leads_to_another(store: Store) -> None:
    store.put(store.nicknames, b"number 3", store.ids[4])


@found(
    "nickname 'number 3': it leads to person #4, whose it is not",
    "nickname 'number 4': it leads to person #3, whose it is not",
)
def two_nicknames_that_lead_to_each_others_people(store: Store) -> None:
    store.swap(store.nicknames, b"number 3", b"number 4")


@found(
    "person #3: its nickname 'number 3' is missing",
    "nickname 'Number 3': it leads to person #3, whose it is not",
)
def a_nickname_of_another_case(store: Store) -> None:
    store.delete(store.nicknames, b"number 3")
    store.put(store.nicknames, b"Number 3", store.ids[3])


@found("person #3: its nickname 'number 3' is that of person #4", "person #4: checksum differs")
def a_nickname_that_leads_to_somebody_who_can_not_be_read(store: Store) -> None:
    store.put(store.nicknames, b"number 3", store.ids[4])
    store.flip(store.people, store.ids[4], -2)


# Terms


@found("segment 17: checksum differs")
def a_byte_of_a_sealed_segment(store: Store) -> None:
    store.flip(store.terms, term_log.key_of(17), -2)


@found("segment 33: checksum differs")
def a_byte_of_the_last_segment(store: Store) -> None:
    store.flip(store.terms, term_log.key_of(33), -2)


@found("segment 17: shorter than its header")
def a_segment_that_is_none(store: Store) -> None:
    store.put(store.terms, term_log.key_of(17), b"mine")


@found("person #33: entry 33 has another text")
def another_text(store: Store) -> None:
    store.write(33, [(store.ids[33], b"number 3\xfe"), *store.entries(33)[1:]])


@found("person #40: entry 40 has another text")
def the_text_of_another_case(store: Store) -> None:
    store.write(33, [*store.entries(33)[:-1], (store.ids[40], b"Number 40\xfe")])


@found("entry 33: nobody has its id #0")
def an_entry_of_nobody(store: Store) -> None:
    store.write(33, [(NOBODY, b"number 33\xfe"), *store.entries(33)[1:]])


@found(
    "entry 33: it leads to person #34, whose number is 34",
    "entry 34: it leads to person #33, whose number is 33",
)
def two_entries_in_each_others_place(store: Store) -> None:
    one, other, *rest = store.entries(33)
    store.write(33, [other, one, *rest])


@found("person #4: checksum differs", "person #33: its number 33 is that of person #4")
def an_entry_that_leads_to_somebody_who_can_not_be_read(store: Store) -> None:
    store.write(33, [(store.ids[4], b"number 33\xfe"), *store.entries(33)[1:]])
    store.flip(store.people, store.ids[4], -2)


@found("head: the last number is 40, and that of the last entry 39")
def the_last_entry_missing(store: Store) -> None:
    store.write(33, store.entries(33)[:-1])


@found("head: the last number is 40, and that of the last entry 41", "entry 41: nobody has its id #0")
def an_entry_too_many(store: Store) -> None:
    store.write(33, [*store.entries(33), (NOBODY, b"nobody")])


@found("segment 33: entry 32 was to come next")
def an_entry_missing_between(store: Store) -> None:
    store.write(17, store.entries(17)[:-1])


@found("segment 17: entry 1 was to come next")
def the_first_segment_missing(store: Store) -> None:
    store.delete(store.terms, term_log.key_of(1))


@found("segment 33: entry 17 was to come next")
def a_segment_missing_between(store: Store) -> None:
    store.delete(store.terms, term_log.key_of(17))


@found("head: the last number is 40, and that of the last entry 32")
def the_last_segment_missing(store: Store) -> None:
    store.delete(store.terms, term_log.key_of(33))


@found("head: the last number is 40, and that of the last entry 0")
def no_segment_at_all(store: Store) -> None:
    store.transaction.drop(store.terms, delete=False)


@found(
    "segment 34: entry 33 was to come next",
    "head: the last number is 40, and that of the last entry 41",
    *(f"entry {n}: it leads to person #{n - 1}, whose number is {n - 1}" for n in range(34, 42)),
)
def a_segment_under_another_number(store: Store) -> None:
    store.write(34, store.entries(33))
    store.delete(store.terms, term_log.key_of(33))


@found("segment 9: entry 17 was to come next")
def a_segment_left_over_from_before_it_was_merged(store: Store) -> None:
    store.write(9, store.entries(1)[8:])


@found(
    "segment 9: entry 17 was to come next",
    "entry 9: it leads to person #17, whose number is 17",
    "entry 10: it leads to person #18, whose number is 18",
)
def a_segment_over_anothers_entries(store: Store) -> None:
    store.write(9, store.entries(17)[:2])


@found(
    *(f"entry {n}: it leads to person #{n + 16}, whose number is {n + 16}" for n in range(1, 17)),
    *(f"entry {n}: it leads to person #{n - 16}, whose number is {n - 16}" for n in range(17, 33)),
    "signature 1: it is not that of its entries",
    "signature 17: it is not that of its entries",
    "outline 1: it is not that of its entries",
    "outline 17: it is not that of its entries",
)
def two_segments_in_each_others_place(store: Store) -> None:
    store.swap(store.terms, term_log.key_of(1), term_log.key_of(17))


# The head


@found("head: the last number is 41, and that of the last entry 40")
def a_head_that_counts_too_many(store: Store) -> None:
    store.put(store.meta, HEAD_KEY, records.pack_head(Head(41, clock_now())))


@found("head: the last number is 39, and that of the last entry 40")
def a_head_that_counts_too_few(store: Store) -> None:
    store.put(store.meta, HEAD_KEY, records.pack_head(Head(39, clock_now())))


@found("head: the last number is 0, and that of the last entry 40")
def no_head(store: Store) -> None:
    store.delete(store.meta, HEAD_KEY)


@found("head: the head has a wrong length")
def a_cut_head(store: Store) -> None:
    store.put(store.meta, HEAD_KEY, b"short")


@found("head: no id can follow its clock")
def a_clock_at_its_end(store: Store) -> None:
    store.put(store.meta, HEAD_KEY, records.pack_head(Head(40, (1 << 60) - 1)))


# Signatures


def replace(store: Store, place: Span, by: Span) -> None:
    """Puts the signature of one span in the place of another's."""
    for part in range(PARTS):
        store.put(store.signatures, place.key(part), store.get(store.signatures, by.key(part)))


@found()
def no_signature(store: Store) -> None:
    for part in range(PARTS):
        store.delete(store.signatures, OTHER.key(part))


@found()
def a_signature_that_is_not_finished(store: Store) -> None:
    store.delete(store.signatures, OTHER.key(0))
    store.put(store.signatures, OTHER.key(7), tables.seal(b"left by another version"))


@found()
def no_database_for_signatures(store: Store) -> None:
    store.transaction.drop(store.signatures)


@found()
def a_signature_of_an_earlier_version(store: Store) -> None:
    store.put(store.signatures, term_log.key_of(17), b"GSS1 and so on")


@found("signature 17: checksum differs")
def a_byte_of_a_signature(store: Store) -> None:
    store.flip(store.signatures, OTHER.key(2), -1)


@found("signature 17: checksum differs")
def a_byte_of_the_header_of_a_signature(store: Store) -> None:
    store.flip(store.signatures, OTHER.key(0), 0)


@found("signature 17: checksum differs")
def a_part_that_is_none(store: Store) -> None:
    store.put(store.signatures, OTHER.key(1), b"")


@found("signature 17: it is not that of its entries")
def a_part_missing(store: Store) -> None:
    store.delete(store.signatures, OTHER.key(2))


@found("signature 17: it is not that of its entries")
def a_part_too_many(store: Store) -> None:
    store.put(store.signatures, OTHER.key(PARTS), tables.seal(b""))


@found("signature 17: it is not that of its entries")
def the_signature_of_another_span(store: Store) -> None:
    replace(store, OTHER, SPAN)


@found("signature 17: no span begins there", "signature 18: no span begins there")
def signatures_of_what_is_no_span(store: Store) -> None:
    replace(store, Span(18, 16, 1), OTHER)
    replace(store, Span(17, 16, 2), OTHER)


@found("signature 1: its entries may still change", "signature 33: its entries may still change")
def signatures_of_what_is_not_sealed(store: Store) -> None:
    replace(store, Span(33, 16, 1), OTHER)
    replace(store, Span(1, 256, 0), SPAN)


# Several at once: each is said, and the walk goes on


@found(
    "segment 1: checksum differs",
    "head: the head has a wrong length",
    "person #3: checksum differs",
    "nickname 'number 5': nobody has its id #0",
    "signature 17: checksum differs",
)
def a_byte_in_each_database(store: Store) -> None:
    store.flip(store.people, store.ids[3], -2)
    store.put(store.nicknames, b"number 5", NOBODY)
    store.flip(store.terms, term_log.key_of(1), -2)
    store.flip(store.signatures, OTHER.key(1), -1)
    store.put(store.meta, HEAD_KEY, b"")


@pytest.mark.parametrize(("plant", "expected"), DAMAGE, ids=[plant.__name__ for plant, _ in DAMAGE])
def test_damage_is_found(whole: Whole, place: Path, plant: Plant, expected: list[str]) -> None:
    with writing(place, whole.ids) as store:
        plant(store)
    said = list(verify(place, read))
    for number, key in enumerate(whole.ids):
        said = [line.replace(format_id(key), f"#{number}") for line in said]
    assert said == expected


def test_any_changed_bit_of_any_record_is_found(whole: Whole, tmp_path: Path) -> None:
    random = Random(3)
    for turn in range(100):
        place = Path(shutil.copytree(whole.place, tmp_path / str(turn)))
        with writing(place, whole.ids) as store:
            databases = (store.people, store.nicknames, store.terms, store.signatures, store.meta)
            database = databases[turn % len(databases)]
            key, value = random.choice(list(store.transaction.cursor(database)))
            changed = bytearray(key + value)
            # But for the head's clock, which may be anything that ids go on from.
            known = len(changed) - 8 if key == HEAD_KEY else len(changed)
            changed[random.randrange(known)] ^= 1 << random.randrange(8)
            store.delete(database, key)
            store.put(database, bytes(changed[: len(key)]), bytes(changed[len(key) :]))
        assert list(verify(place, read)) != [], (key, value, changed)


# What is no store of this version


@pytest.mark.parametrize(("version", "named"), [(b"2", "2"), (b"", ""), (None, "none")])
def test_another_format_is_found(whole: Whole, place: Path, version: bytes | None, named: str) -> None:
    with writing(place, whole.ids) as store:
        store.delete(store.meta, b"format")
        if version is not None:
            store.put(store.meta, b"format", version)
    [line] = verify(place, read)
    assert line.startswith(f"{place} has format {named} and this version reads only 1: ")


def test_a_missing_database_is_found(whole: Whole, place: Path) -> None:
    with writing(place, whole.ids) as store:
        store.transaction.drop(store.nicknames)
        store.transaction.drop(store.terms)
    assert list(verify(place, read)) == [f"{place} has lost its nicknames and terms: restore a backup"]


def test_somebody_else_s_data_is_no_store(whole: Whole, place: Path) -> None:
    with writing(place, whole.ids) as store:
        for database in (store.people, store.nicknames, store.terms, store.meta):
            store.transaction.drop(database)
    with pytest.raises(Unusable, match="not GoSeventh's"):
        list(verify(place, read))


def test_a_directory_without_a_store_is_none(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="holds no store"):
        list(verify(tmp_path, read))
    assert list(tmp_path.iterdir()) == []


# People who wait in write-behind's log


def append(place: Path, first: int, number: int) -> Path:
    """Writes people into the log, numbered from `first` on, where those up to COUNT were moved; its file."""
    with writing(place, []) as store:
        store.put(store.meta, MOVED_KEY, records.pack_moved(COUNT))
    members = [give_id(record(f"p{first + n}"), clock_now(), 7) for n in range(number)]
    log = PendingLog(place)
    with log.appending():
        log.append(Group(0, clock_now(), first, members))
    log.close()
    return next(place.glob(pending_log.PATTERN))


def test_nothing_is_said_while_people_wait(place: Path) -> None:
    append(place, COUNT, 3)  # one of them was moved already
    with pytest.raises(Unusable, match=r"not in the store yet \(2\): start the server"):
        list(verify(place, read))


def test_of_a_damaged_file_it_is_said_though_people_wait(place: Path) -> None:
    append(place, COUNT, 3)
    (place / "data.mdb").write_bytes(b"mine")
    assert next(verify(place, read)).startswith("structure: ")


def test_who_is_gone_from_the_store_does_not_make_others_wait(whole: Whole, place: Path) -> None:
    append(place, COUNT, 1)
    with writing(place, whole.ids) as store:
        store.delete(store.people, whole.ids[3])
    assert len(list(verify(place, read))) == 2


def test_where_the_head_is_damaged_people_wait_beyond_who_is_there(whole: Whole, place: Path) -> None:
    with writing(place, whole.ids) as store:
        store.put(store.meta, HEAD_KEY, b"short")
    append(place, COUNT, 1)
    assert list(verify(place, read)) == ["head: the head has a wrong length"]
    append(place, COUNT + 1, 1)
    with pytest.raises(Unusable, match=r"\(1\)"):
        list(verify(place, read))


def test_a_log_in_which_nobody_waits_is_no_fault(place: Path) -> None:
    log = append(place, COUNT - 2, 3)
    for stored in (log.read_bytes(), b"", bytes(5000), log.read_bytes()[:-1], b"mine"):
        log.write_bytes(stored)
        assert list(verify(place, read)) == []
    append(place, COUNT + 1, 3)
    log.rename(log.with_suffix(".damaged"))
    assert list(verify(place, read)) == []


# Progress


def test_progress_goes_from_nothing_to_all_in_each_part(place: Path) -> None:
    told: list[tuple[int, int | None, str]] = []
    assert list(verify(place, read, lambda *step: told.append(step))) == []
    size = (place / "data.mdb").stat().st_size
    assert told == [
        (0, size, "file"),
        (0, None, "structure"),
        *((done, 3, "segments") for done in range(3)),
        (0, COUNT, "people"),
        (0, 2 * PARTS, "signatures"),
        (0, 2 * PARTS, "outlines"),
    ]


def test_people_are_counted(place: Path) -> None:
    assert count(place) == COUNT
