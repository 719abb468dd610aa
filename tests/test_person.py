"""Validation against an oracle that is written from the contract, with another JSON parser."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from goseventh import person
from goseventh.problems import Problem
from tests.nasty import texts

FIELDS = ("apelido", "nome", "nascimento", "stack")
LIMITS = {"apelido": 32, "nome": 100}
DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
ID = b"01890000-0000-7000-8000-000000000000"
# What one JSON parser reads and another may refuse: numbers beyond a double, and deep nesting.
LARGEST = 1e300


class Refused(Exception):
    """The oracle's verdict."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def oracle(body: bytes) -> dict[str, Any]:
    """The person that a body asks for by the contract's tables; raises Refused."""
    try:
        wanted = json.loads(body.decode(), parse_constant=refuse, object_pairs_hook=whole_text)
        whole_text([("", wanted)])
    except ValueError:
        raise Refused(400) from None
    if not isinstance(wanted, dict):
        raise Refused(400)
    found = {field: wanted.get(field) for field in FIELDS}
    texts_given: dict[str, Any] = {field: found[field] for field in ("apelido", "nome", "nascimento")}
    stack = found["stack"]
    if any(value is not None and not isinstance(value, str) for value in texts_given.values()):
        raise Refused(400)
    if stack is not None and (not isinstance(stack, list) or not all(isinstance(one, str) for one in stack)):
        raise Refused(400)
    if texts_given["nascimento"] and not naive_date(texts_given["nascimento"]):
        raise Refused(400)
    if not all(texts_given.values()) or any(len(texts_given[field]) > LIMITS[field] for field in LIMITS):
        raise Refused(422)
    if any(not 1 <= len(one) <= 32 for one in stack or []):
        raise Refused(422)
    return found


def refuse(constant: str) -> None:
    raise ValueError(constant)


def whole_text(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; ValueError for text that UTF-8 can't write, even where a later key replaces it."""
    for key, value in pairs:
        key.encode()
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, list):
                whole_text([("", one)])
            elif isinstance(one, str):
                one.encode()
    return dict(pairs)


def naive_date(written: str) -> bool:
    """Whether this is a day, counted on fingers."""
    if len(written) != 10 or written[4] != "-" or written[7] != "-":
        return False
    digits = written[:4] + written[5:7] + written[8:]
    if any(digit not in "0123456789" for digit in digits):
        return False
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    if year == 0 or not 1 <= month <= 12:
        return False
    leap = month == 2 and (year % 400 == 0 or (year % 4 == 0 and year % 100 != 0))
    return 1 <= day <= DAYS[month - 1] + leap


def judge(body: bytes) -> dict[str, Any] | int:
    """The oracle's person, or the status of the refusal."""
    try:
        return oracle(body)
    except Refused as refusal:
        return refusal.status


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


# Text with lone halves of surrogate pairs; two that meet may make a whole one.
BROKEN = st.lists(st.one_of(texts(1, 2), st.sampled_from(["\ud83e", "\udd9c"])), max_size=5).map("".join)
DATES = st.one_of(
    st.dates().map(str),
    st.from_regex(r"\A[0-2]\d{3}-[01]\d-[0-3]\d\n?\Z"),
    st.sampled_from(["", "2000-02-30", "1900-02-29", "2000-1-1", "20000101", "0000-01-01", "２０００-01-01"]),
    texts(),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(-LARGEST, LARGEST),
    texts(),
    BROKEN,
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(BROKEN, inner, max_size=3)),
    max_leaves=6,
)
LONG = st.integers(28, 105).flatmap(
    lambda size: st.sampled_from(["x", "🦜", "e\u0301", "ß"]).map(lambda part: (part * size)[:size])
)
STACKS = st.one_of(
    st.none(),
    st.lists(texts(1, 4), max_size=4),
    st.lists(st.one_of(texts(0, 4), LONG, SCALARS), max_size=4),
    ANYTHING,
)
VALUES = {
    "apelido": st.one_of(texts(1, 8), texts(1, 8), LONG, ANYTHING),
    "nome": st.one_of(texts(1, 8), texts(1, 8), LONG, ANYTHING),
    "nascimento": st.one_of(st.dates().map(str), st.dates().map(str), DATES, ANYTHING),
    "stack": STACKS,
}
MEMBERS = st.one_of(
    *(st.tuples(st.just(field), values) for field, values in VALUES.items()),
    st.tuples(st.one_of(BROKEN, st.sampled_from(["id", "Nome", "stack "])), ANYTHING),
)
# Valid in all fields, in any order, then any members before and behind.
VALID = st.fixed_dictionaries(
    {
        "apelido": texts(1, 32),
        "nome": texts(1, 100),
        "nascimento": st.dates().map(str),
        "stack": st.one_of(st.none(), st.lists(texts(1, 32), max_size=5)),
    }
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Objects as clients write them: escaped or raw, with repeated keys and spaces."""
    base = draw(st.one_of(VALID, VALID, st.just({})))
    members = list(draw(st.permutations(list(base.items()))))
    for member in draw(st.lists(MEMBERS, max_size=3)):
        members.insert(draw(st.integers(0, len(members))), member)
    ascii_only = draw(st.booleans())
    space = draw(st.sampled_from(["", " ", "\r\n\t"]))
    written = ",".join(
        space + json.dumps(key, ensure_ascii=ascii_only) + ":" + json.dumps(value, ensure_ascii=ascii_only)
        for key, value in members
    )
    return f"{space}{{{written}{space}}}{space}".encode(errors="surrogatepass")


@given(VALID, st.booleans())
def test_every_valid_person_is_taken_and_reads_back(whole: dict[str, Any], ascii_only: bool) -> None:
    body = json.dumps(whole, ensure_ascii=ascii_only).encode()
    assert oracle(body) == whole
    check(body)


@given(bodies())
def test_every_object_is_judged_as_the_contract_says(body: bytes) -> None:
    check(body)


@given(bodies(), st.data())
def test_every_damaged_object_is_judged_as_the_contract_says(body: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(body)))
    gone = data.draw(st.integers(0, 3))
    new = data.draw(
        st.one_of(
            st.just(b""),
            st.binary(max_size=2),
            st.sampled_from(
                [b'"', b"\\", b",", b"}", b"]", b"\0", b"NaN", b"\xef\xbb\xbf", b"\\ud800", b"\\u0000"]
            ),
        )
    )
    check(body[:place] + new + body[place + gone :])


@given(st.one_of(st.binary(max_size=20), ANYTHING.map(lambda value: json.dumps(value).encode())))
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
