"""How PostgreSQL looks for people: by which index, and whom text or an id of its own makes special."""

import asyncio
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import orjson
import pytest

from goseventh import person as wire
from goseventh.postgresql import insert, search, terms
from goseventh.postgresql.sessions import connect
from goseventh.postgresql.store import COUNT, GET
from storage import records
from storage.errors import Busy
from tests.serving import Server
from tests.stores import execute
from tests.test_contract import assert_problem, created, own, person, post

pytestmark = pytest.mark.debian("postgres")


def plan(url: str, statement: str, *values: object, **settings: str) -> str:
    execute(url, "ANALYZE goseventh.people")
    return "\n".join(row[0] for row in execute(url, f"EXPLAIN ANALYZE {statement}", *values, **settings))


@contextmanager
def crowded(url: str, terms: str = "md5(n::text)") -> Iterator[None]:
    """20,000 people more: where there are few, PostgreSQL looks at all."""
    execute(
        url,
        f"INSERT INTO goseventh.people SELECT n % 4096, gen_random_uuid(), n::text::bytea, 'x', {terms}"
        " FROM generate_series(1, 20000) n",
    )
    try:
        yield
    finally:
        execute(url, "DELETE FROM goseventh.people WHERE document = 'x'")


def test_creating_reading_and_the_nickname_touch_one_bucket(url: str, running: Server) -> None:
    someone = created(running)
    key, nickname = UUID(someone["id"]), someone["apelido"].encode()
    bucket = records.bucket(nickname)
    with crowded(url):
        found = plan(url, GET, bucket, key)
        both = {f"bucket = '{bucket}'::smallint", f"id = '{key}'::uuid"}
        assert set(re.findall(r"Index Cond: \(\((.*)\) AND \((.*)\)\)", found)[0]) == both
        assert "Filter" not in found
        found = plan(url, insert.HOLDER, bucket, nickname)
        assert "people_bucket_apelido_key" in found
        assert f"(bucket = '{bucket}'::smallint) AND (apelido = " in found
        found = plan(url, insert.ONE, bucket, key, nickname, b"", "")
        assert "Conflict Resolution: NOTHING" in found
        assert "Tuples Inserted: 0" in found
        assert "Scan" not in found
        assert "Scan" in plan(url, COUNT)


def test_a_rare_term_is_found_by_trigrams(url: str, running: Server) -> None:
    someone = created(running, nome="the Rarest Name")
    with crowded(url):
        assert "people_terms" in plan(
            url, search.CONTAINING, terms.pattern(b"rarest name"), 50, **search.SETTINGS
        )
        assert running.request("GET", "/pessoas?t=rarest%20name").json == [someone]


def test_whose_id_was_made_elsewhere_is_read_found_and_gone_on_after(url: str, running: Server) -> None:
    nickname, key = own(), UUID("12345678-1234-4234-8234-123456789abc")
    assert records.bucket(nickname.encode()) != records.bucket_of(key.bytes)
    record = wire.prepare(orjson.dumps(person(apelido=nickname)))
    document = record.before + str(key).encode() + record.after
    execute(
        url,
        "INSERT INTO goseventh.people VALUES ($1, $2, $3, $4, $5)",
        records.bucket(record.nickname),
        key,
        record.nickname,
        document,
        terms.stored(record.text),
    )
    assert running.request("GET", f"/pessoas/{key}").body == document
    assert running.request("GET", f"/pessoas?t={nickname}").body == b"[" + document + b"]"
    assert running.request("GET", f"/pessoas?t={nickname}&after={key}").json == []
    again = post(running, person(apelido=nickname))
    assert assert_problem(again, 422, "apelido")["existing"] == f"/pessoas/{key}"


def test_a_search_past_its_deadline_gets_503(url: str, tmp_path: Path) -> None:
    with (
        crowded(url, "repeat('slow ', 60)"),
        Server(tmp_path, "--search-timeout", "0.001", GOSEVENTH_STORE=url) as server,
    ):
        assert_problem(server.request("GET", "/pessoas?t=%C3%9F%C3%9F"), 503)


def resembling(url: str, term: str, deadline: float) -> list[bytes]:
    async def ask() -> list[bytes]:
        session = await connect(url, **search.SETTINGS)
        try:
            return await search.resembling(session, term, 50, deadline)
        finally:
            await session.close()

    return asyncio.run(ask())


def test_a_forgiving_search_compares_no_more_than_its_budget_and_no_longer_than_its_deadline(
    url: str,
) -> None:
    first, last = (
        f"INSERT INTO goseventh.people SELECT {n}, gen_random_uuid(), '{n}', 'x', {terms}"
        for n, terms in enumerate(("'budgetary' || repeat(chr(4) || 'z', 20000)", "'budgetarx'"))
    )
    try:
        execute(url, last)
        assert resembling(url, "budgetary", math.inf) == [b"x"]
        execute(url, first)
        assert resembling(url, "budgetary", math.inf) == [b"x"]
        with pytest.raises(Busy, match="too long"):
            resembling(url, "budgetary", 0)
    finally:
        execute(url, "DELETE FROM goseventh.people WHERE document = 'x'")


@pytest.mark.parametrize(
    ("text", "term", "found"),
    [
        ("a\0b", "a\0", True),
        ("\0", "\1", False),
        ("\1", "\0", False),
        ("\1\2\2\2", "\0", False),
        ("\0", "\1\2", False),
        ("\0\1\2\3\4\5", "\2\3\4", True),
        ("\2", "\2", True),
        ("\0\0", "\0\0", True),
        ("\3\2", "\2\3", False),
    ],
    ids=ascii,
)
def test_what_text_cannot_hold_is_found_as_itself(running: Server, text: str, term: str, found: bool) -> None:
    mark = own()
    who = created(running, nome=mark + text)
    reply = running.request("GET", f"/pessoas?t={quote(term)}")
    assert (who in reply.json) is found
    assert terms.fields(terms.stored(f"x\xfe{text}".encode("latin-1"))) == ["x", text]
