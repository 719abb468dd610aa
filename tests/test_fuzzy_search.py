"""The forgiving search over HTTP, asked of a running server of two workers."""

from typing import Any
from urllib.parse import quote

import pytest

from tests import stores
from tests.serving import Server
from tests.test_contract import JSON, NOBODY, assert_problem, created, own


@pytest.fixture(scope="module", params=stores.BOTH)
def store(request: pytest.FixtureRequest) -> str:
    """Every test here is for each store."""
    kind: str = request.param
    return kind


def similar(server: Server, term: str, more: str = "") -> list[dict[str, Any]]:
    reply = server.request("GET", f"/pessoas?t={quote(term, safe='')}&fuzzy=1{more}")
    assert (reply.status, reply.headers["Content-Type"]) == (200, JSON), reply.body
    answer: list[dict[str, Any]] = reply.json
    return answer


@pytest.mark.parametrize("field", ["apelido", "nome", "stack"])
def test_typing_errors_and_accents_are_forgiven_in_every_field_of_text(
    shared_server: Server, field: str
) -> None:
    value = f"Ângela {own()} Guimarães"
    someone = created(shared_server, **{field: [value, "C"] if field == "stack" else value})
    plain = value.replace("Â", "A").replace("ã", "a")
    for term in (
        value,
        plain,
        plain.upper(),
        plain.replace("mar", "amr"),
        plain[:5] + plain[6:],
        plain + "z",
    ):
        assert similar(shared_server, term)[0] == someone


def test_at_most_50_the_best_first_and_of_equals_the_oldest(shared_server: Server) -> None:
    name = "Wolfgang Xavier Yamamoto"
    near = created(shared_server, nome=name.replace("Xavier", "Xabier"))
    same = [created(shared_server, nome=name) for _ in range(60)]
    assert similar(shared_server, name) == same[:50]
    assert similar(shared_server, name.replace("Xavier", "Xabier"))[:2] == [near, same[0]]


def test_neither_id_nor_date_is_looked_at(shared_server: Server) -> None:
    someone = created(shared_server, nascimento="1913-12-11")
    assert similar(shared_server, "1913-12-11") == []
    assert similar(shared_server, someone["id"]) == []


def test_it_resembles_nobody(shared_server: Server) -> None:
    reply = shared_server.request("GET", "/pessoas?t=%CE%A8%CE%A8%CE%A8%CE%A8&fuzzy=1")
    assert (reply.status, reply.body) == (200, b"[]")


def test_fuzzy_0_is_the_exact_search(shared_server: Server) -> None:
    name = f"Vladimir {own()}"
    someone = created(shared_server, nome=name)
    for query in (f"?t={quote(name)}&fuzzy=0", f"?fuzzy=0&t={quote(name)}&fuzzy=1"):
        assert shared_server.request("GET", f"/pessoas{query}").json == [someone]
    typo = quote(name.replace("dim", "dmi"))
    assert shared_server.request("GET", f"/pessoas?t={typo}&fuzzy=0").json == []
    assert shared_server.request("GET", f"/pessoas?t={typo}&fuzzy=1&fuzzy=0").json[0] == someone


@pytest.mark.parametrize("value", ["", "2", "true", "01", "1%20", "yes"])
def test_a_choice_that_is_none_gets_400(shared_server: Server, value: str) -> None:
    assert_problem(shared_server.request("GET", f"/pessoas?t=a&fuzzy={value}"), 400, "fuzzy")


@pytest.mark.parametrize("query", ["?fuzzy=1", "?t=&fuzzy=1", "?t=&fuzzy=2"])
def test_without_a_term_it_gets_400(shared_server: Server, query: str) -> None:
    assert_problem(shared_server.request("GET", f"/pessoas{query}"), 400, "t")


def test_it_has_no_pages(shared_server: Server) -> None:
    someone = created(shared_server)
    for after in (someone["id"], NOBODY, "1"):
        reply = shared_server.request("GET", f"/pessoas?t=a&fuzzy=1&after={after}")
        assert_problem(reply, 400, "after")


@pytest.mark.parametrize("term", ["a", "go", "\u0301", "\0", "%", "🦜" * 500, "x" * 512], ids=ascii)
def test_any_term_that_is_not_empty_is_answered(shared_server: Server, term: str) -> None:
    similar(shared_server, term)
