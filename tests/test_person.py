"""Validation against an oracle that is written from the contract, with another JSON parser."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from goseventh import person
from goseventh.problems import Problem
from tests.bodies import DATES, OTHERS, VALID, bodies, damaged
from tests.oracle import judge, naive_date, oracle

ID = b"01890000-0000-7000-8000-000000000000"


def check(body: bytes) -> None:
    """That the oracle and the code agree on this body."""
    wanted = judge(body)
    if isinstance(wanted, int):
        with pytest.raises(Problem) as raised:
            person.prepare(body)
        assert raised.value.status == wanted
        return
    record = person.prepare(body)
    document = record.before + ID + record.after
    pairs = json.loads(document, object_pairs_hook=list)
    assert pairs == [("id", ID.decode()), *wanted.items()]
    assert orjson.loads(document) == {"id": ID.decode()} | wanted
    assert record.nickname == wanted["apelido"].encode()
    fields = [wanted["apelido"], wanted["nome"], *(wanted["stack"] or [])]
    assert record.text == b"\xfe".join(field.lower().encode() for field in fields)
    assert person.read(document) == (record.nickname, record.text)


@given(VALID, st.booleans())
def test_every_valid_person_is_taken_and_reads_back(whole: dict[str, Any], ascii_only: bool) -> None:
    body = json.dumps(whole, ensure_ascii=ascii_only).encode()
    assert oracle(body) == whole
    check(body)


@given(bodies())
def test_every_object_is_judged_as_the_contract_says(body: bytes) -> None:
    check(body)


@given(damaged())
def test_every_damaged_object_is_judged_as_the_contract_says(body: bytes) -> None:
    check(body)


@given(OTHERS)
@example(b"")
@example(b"\xef\xbb\xbf{}")
@example(b"{}")
@example(b"null")
@example(b'[{"apelido":"a","nome":"b","nascimento":"2000-01-01"}]')
def test_everything_else_is_judged_as_the_contract_says(body: bytes) -> None:
    check(body)


@pytest.mark.parametrize("number", ["1e300", "-1e-300", "9" * 300, "1e-999", "-0", "1E+2", "0.1e-7"])
def test_a_number_in_an_unknown_field_is_ignored(number: str) -> None:
    body = b'{"apelido":"a","nome":"b","nascimento":"2000-01-01","x":%b}' % number.encode()
    assert person.prepare(body).nickname == b"a"


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 400])
def test_a_number_beyond_a_double_gets_400(number: str) -> None:
    # RFC 8259, 9: a parser may set limits on the range of numbers.
    body = b'{"apelido":"a","nome":"b","nascimento":"2000-01-01","x":%b}' % number.encode()
    with pytest.raises(Problem) as raised:
        person.prepare(body)
    assert raised.value.status == 400


@pytest.mark.parametrize("depth", [1, 10, 100])
def test_reasonable_nesting_in_an_unknown_field_is_ignored(depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    record = person.prepare(b'{"x":%b,"apelido":"a","nome":"b","nascimento":"2000-01-01"}' % nested)
    assert record.nickname == b"a"


@pytest.mark.parametrize("depth", [5_000, 30_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_nesting_beyond_reason_gets_400(depth: int, opening: bytes, closing: bytes) -> None:
    nested = opening * depth + b"1" + closing * depth
    for body in (nested, b'{"x":%b,"apelido":"a","nome":"b","nascimento":"2000-01-01"}' % nested):
        with pytest.raises(Problem) as raised:
            person.prepare(body)
        assert raised.value.status == 400


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"null",
        b"{}",
        b'{"id":"1","apelido":"ana","nome":"Ana","nascimento":"2000-10-01"}',
        b'{"id":"1","apelido":"ana","nome":"Ana","nascimento":"2000-10-01","stack":null,"x":1}',
        b'{"id":"1","nome":"Ana","apelido":"ana","nascimento":"2000-10-01","stack":null}',
        b'{"id":"1","apelido":"","nome":"Ana","nascimento":"2000-10-01","stack":null}',
        b'{"id":"1","apelido":"ana","nome":null,"nascimento":"2000-10-01","stack":null}',
        b'{"id":"1","apelido":"ana","nome":"Ana","nascimento":null,"stack":null}',
        b'{"id":"1","apelido":"ana","nome":"Ana","nascimento":"2000-10-32","stack":null}',
        b'{"id":"1","apelido":7,"nome":"Ana","nascimento":"2000-10-01","stack":null}',
        b'{"id":"1","apelido":"ana","nome":"Ana","nascimento":"2000-10-01","stack":"C#"}',
        b'{"id":"1","apelido":"ana","nome":"Ana","nascimento":"2000-10-01","stack":null}.',
    ],
    ids=ascii,
)
def test_what_is_no_person_s_document_does_not_read(document: bytes) -> None:
    with pytest.raises(ValueError, match="no person's"):
        person.read(document)


def test_who_is_there_is_read_whatever_the_limits_are_today() -> None:
    document = b'{"id":"1","apelido":"%b","nome":"N","nascimento":"2000-10-01","stack":["S"]}' % (b"x" * 40)
    assert person.read(document) == (b"x" * 40, b"x" * 40 + b"\xfen\xfes")


@given(DATES)
@example("２０００-01-01")
@example("2000-01-01\n")
@example("0000-01-01")
def test_is_date_agrees_with_counting(written: str) -> None:
    assert person.is_date(written) is naive_date(written)


@pytest.mark.parametrize(
    "year", [0, 1, 4, 100, 400, 1582, 1600, 1700, 1900, 1999, 2000, 2004, 2023, 2100, 9999]
)
def test_is_date_agrees_with_counting_for_every_day_of_a_year(year: int) -> None:
    for month in range(14):
        for day in range(33):
            written = f"{year:04}-{month:02}-{day:02}"
            assert person.is_date(written) is naive_date(written), written
