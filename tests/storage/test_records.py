from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import records
from storage.records import Head, RecordError

CLOCKS = st.integers(0, (1 << 60) - 1)
KEYS = st.binary(min_size=16, max_size=16)


@given(CLOCKS, st.integers(0, (1 << 64) - 1), st.binary(min_size=1, max_size=128))
def test_an_id_is_a_uuid_of_version_7_with_the_bucket_of_its_nickname(
    clock: int, noise: int, nickname: bytes
) -> None:
    key = records.make_id(clock, noise, nickname)
    parsed = UUID(bytes=key)
    assert (parsed.version, parsed.variant) == (7, "specified in RFC 4122")
    assert records.format_id(key) == str(parsed)
    assert parsed.int >> 80 == clock // 4096
    assert parsed.int >> 64 & 0xFFF == clock % 4096
    assert parsed.int & 0xFFF == records.bucket(nickname)


@given(CLOCKS, CLOCKS, st.binary(), st.binary())
def test_ids_rise_with_the_clock(one: int, two: int, nickname: bytes, other: bytes) -> None:
    if one < two:
        assert records.make_id(one, 0xFFFFFFFFFFFFFFFF, nickname) < records.make_id(two, 0, other)


@given(KEYS, st.integers(1, (1 << 64) - 1), st.binary())
def test_a_person_reads_back(key: bytes, sequence: int, document: bytes) -> None:
    stored = records.pack_person(key, sequence, document)
    assert records.document(stored) == document
    assert records.sequence(stored) == sequence
    assert records.verify_person(key, stored) == (sequence, document)


@given(KEYS, st.integers(1, 1 << 60), st.binary(), st.data())
def test_any_changed_byte_is_found(key: bytes, sequence: int, document: bytes, data: st.DataObject) -> None:
    whole = bytearray(key + records.pack_person(key, sequence, document))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(RecordError):
        records.verify_person(bytes(whole[:16]), bytes(whole[16:]))


def test_a_head_reads_back_and_an_empty_store_starts_at_nothing() -> None:
    assert records.unpack_head(records.pack_head(Head(7, 9))) == Head(7, 9)
    assert records.unpack_head(None) == Head(0, 0)
    with pytest.raises(RecordError):
        records.unpack_head(b"short")
