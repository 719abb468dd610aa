"""The HTTP contract as tables, asked of a running server of two workers."""

import threading
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection
from itertools import count, product
from typing import Any
from urllib.parse import quote, quote_plus
from uuid import UUID

import orjson
import pytest

from tests import stores
from tests.serving import Reply, Server, ask

FIELDS = ["id", "apelido", "nome", "nascimento", "stack"]
REQUIRED = ("apelido", "nome", "nascimento")
ABSENT = object()
JSON = "application/json"
PROBLEM = "application/problem+json"
TITLES = {  # as RFC 9110 has them, whatever Python says
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Content Too Large",
    414: "URI Too Long",
    417: "Expectation Failed",
    422: "Unprocessable Content",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
    507: "Insufficient Storage",
}
# The kernel shares connections out between the two workers: that one gets none of 16 happens once in 2**15.
CONNECTIONS = 16
NOBODY = "01890000-0000-7000-8000-000000000000"
_numbers = count()


def own(before: str = "", after: str = "") -> str:
    """A nickname, or a word to search for, that no other test uses."""
    return f"{before}q{next(_numbers)}z{after}"


def person(**fields: Any) -> dict[str, Any]:
    """A valid person but for `fields`; ABSENT leaves a field out."""
    whole = {"apelido": own(), "nome": "Ana", "nascimento": "2000-10-01", "stack": None} | fields
    return {field: value for field, value in whole.items() if value is not ABSENT}


def post(server: Server, body: bytes | dict[str, Any], **headers: str) -> Reply:
    return server.request("POST", "/pessoas", body if type(body) is bytes else orjson.dumps(body), **headers)


def created(server: Server, **fields: Any) -> dict[str, Any]:
    """The person made of valid fields."""
    reply = post(server, person(**fields))
    assert reply.status == 201, reply.body
    answer: dict[str, Any] = reply.json
    return answer


def search(server: Server, term: str) -> list[dict[str, Any]]:
    reply = server.request("GET", f"/pessoas?t={quote(term, safe='')}")
    assert (reply.status, reply.headers["Content-Type"]) == (200, JSON), reply.body
    answer: list[dict[str, Any]] = reply.json
    return answer


def assert_problem(reply: Reply, status: int, field: str | None = None) -> dict[str, Any]:
    """That this answer is problem details as RFC 9457 has them; its body."""
    problem: dict[str, Any] = reply.json
    assert (reply.status, problem.get("field")) == (status, field), reply.body
    assert reply.headers["Content-Type"] == PROBLEM
    assert problem["type"] == "about:blank"
    assert problem["title"] == TITLES[status]
    assert problem["status"] == status
    assert problem["detail"]
    assert "\n" not in problem["detail"]
    return problem


@pytest.fixture(scope="module", params=stores.BOTH)
def store(request: pytest.FixtureRequest) -> str:
    """Every test here is for each store."""
    kind: str = request.param
    return kind


@pytest.fixture(scope="module")
def connections(shared_server: Server) -> Iterator[list[HTTPConnection]]:
    """Connections that are kept alive, to every worker."""
    opened = [shared_server.connect() for _ in range(CONNECTIONS)]
    yield opened
    for connection in opened:
        connection.close()


# Creating: what is valid

VALID: list[tuple[str, dict[str, Any]]] = [
    ("plain", {}),
    ("all fields", {"stack": ["C#", "Node", "Oracle"]}),
    ("stack null", {"stack": None}),
    ("stack absent", {"stack": ABSENT}),
    ("stack empty", {"stack": []}),
    ("stack repeats", {"stack": ["C", "C", "c"]}),
    ("stack long", {"stack": [f"language {number}" for number in range(2000)]}),
    ("stack element of 1", {"stack": ["x"]}),
    ("stack element of 32", {"stack": ["x" * 32]}),
    ("stack element of 32 emoji", {"stack": ["🦜" * 32]}),
    ("nickname of 1", {"apelido": "x"}),
    ("nickname of 32", {"apelido": "x" * 32}),
    ("nickname of 32 emoji", {"apelido": "🦜" * 32}),
    ("nickname of 32 marks", {"apelido": "e" + "\u0301" * 31}),
    ("nickname NUL", {"apelido": "\0"}),
    ("nickname space", {"apelido": " "}),
    ("nickname with a leading space", {"apelido": " x"}),
    ("nickname with a trailing space", {"apelido": "x "}),
    ("nickname of another case", {"apelido": "X"}),
    ("nickname composed", {"apelido": "\u00e9"}),
    ("nickname decomposed", {"apelido": "e\u0301"}),
    ("nickname with NUL at the end", {"apelido": "x\0"}),
    ("nickname of quotes", {"apelido": "\"'\\/"}),
    ("nickname of a field's end", {"apelido": 'x","nome":"y'}),
    ("nickname of controls", {"apelido": "\t\r\n\x01\x1f\x7f\u0085\u2028"}),
    ("nickname beyond the planes", {"apelido": "\U0010ffff\ufffe\uffff\ufffd"}),
    ("nickname with a BOM", {"apelido": "\ufeffx"}),
    ("name of 1", {"nome": "x"}),
    ("name of 100", {"nome": "x" * 100}),
    ("name of 100 emoji", {"nome": "👩" * 100}),
    ("name a word with spaces", {"nome": "  Ana  de\tSouza\n"}),
    ("name NUL", {"nome": "a\0b\0"}),
    ("name not normalised", {"nome": "e\u0301 é ﬁ Å K"}),
    ("first day", {"nascimento": "0001-01-01"}),
    ("last day", {"nascimento": "9999-12-31"}),
    ("leap day", {"nascimento": "2004-02-29"}),
    ("leap day of 2000", {"nascimento": "2000-02-29"}),
    ("leap day of 1600", {"nascimento": "1600-02-29"}),
    ("31st", {"nascimento": "1987-12-31"}),
]


@pytest.mark.parametrize("fields", [fields for _, fields in VALID], ids=[name for name, _ in VALID])
def test_a_valid_person_is_created_and_reads_back_as_given(
    shared_server: Server, fields: dict[str, Any]
) -> None:
    given = person(**fields)
    before = shared_server.count()
    answer = post(shared_server, given)
    assert answer.status == 201, answer.body
    assert answer.headers["Content-Type"] == JSON
    assert list(answer.json) == FIELDS
    assert {"stack": None} | given == {key: value for key, value in answer.json.items() if key != "id"}
    assert str(UUID(answer.json["id"])) == answer.json["id"]
    assert answer.headers["Location"] == f"/pessoas/{answer.json['id']}"
    read = shared_server.request("GET", answer.headers["Location"])
    assert (read.status, read.headers["Content-Type"], read.body) == (200, JSON, answer.body)
    assert shared_server.count() == before + 1


@pytest.mark.parametrize(
    "extra",
    [
        {"id": NOBODY},
        {"Apelido": "other", "NOME": 1},
        {"x": {"apelido": [None, True, -1.5e3, {"": []}]}},
        {"": None},
        {"x": "y" * 60_000},
        {"Nascimento": "never", "stacks": 1, "stack ": 2},
    ],
    ids=str,
)
def test_unknown_fields_are_ignored_and_not_stored(shared_server: Server, extra: dict[str, Any]) -> None:
    given = person(stack=["C"])
    for whole in (given | extra, extra | given | {"apelido": own()}):
        answer = post(shared_server, whole)
        assert answer.status == 201
        assert list(answer.json) == FIELDS
        assert answer.json["id"] != NOBODY
        assert answer.json["nome"] == given["nome"]


def test_the_order_of_the_wire_is_the_contracts_whatever_the_requests(shared_server: Server) -> None:
    given = person(stack=["b", "a"])
    answer = post(shared_server, dict(reversed(given.items())))
    assert list(answer.json) == FIELDS
    assert answer.json["stack"] == ["b", "a"]


@pytest.mark.parametrize(
    ("first", "last", "status"),
    [
        ({"apelido": "x" * 99}, {}, 201),
        ({"apelido": 1}, {}, 201),
        ({"nascimento": "never"}, {}, 201),
        ({"stack": [None]}, {"stack": ["last"]}, 201),
        ({}, {"apelido": "x" * 33}, 422),
        ({}, {"apelido": None}, 422),
        ({}, {"nome": 1}, 400),
        ({"stack": ["first"]}, {"stack": None}, 201),
    ],
)
def test_of_a_repeated_key_the_last_counts(
    shared_server: Server, first: dict[str, Any], last: dict[str, Any], status: int
) -> None:
    last = person() | last
    body = orjson.dumps(first | {"x": 1})[:-1] + b"," + orjson.dumps(last)[1:]
    answer = post(shared_server, body)
    assert answer.status == status, answer.body
    if status == 201:
        assert {key: answer.json[key] for key in last} == last


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "application/json; charset=iso-8859-1",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "nonsense",
        "",
    ],
)
def test_the_content_type_is_not_looked_at(shared_server: Server, kind: str | None) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    assert post(shared_server, person(nome="João"), **headers).json["nome"] == "João"
    assert_problem(post(shared_server, b"apelido=x", **headers), 400)


@pytest.mark.parametrize("form", ["escaped", "raw"])
def test_escapes_and_raw_text_are_the_same_text(shared_server: Server, form: str) -> None:
    nickname = own("é🦜\0")
    text = orjson.dumps(nickname).decode() if form == "raw" else '"' + escaped(nickname) + '"'
    start = '\t{ "nome":"\\u004a\\/","apelido" : '
    body = start + text + ' ,\r\n"nascimento":"2000\\u002d01-02"} \n'
    answer = post(shared_server, body.encode())
    assert answer.status == 201, answer.body
    assert (answer.json["apelido"], answer.json["nome"]) == (nickname, "J/")
    again = post(shared_server, person(apelido=nickname))
    assert_problem(again, 422, "apelido")


def escaped(text: str) -> str:
    """Every code unit as \\uXXXX."""
    units = text.encode("utf-16-be")
    return "".join(f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))


# Creating: faults

_VALID_START = b'{"apelido":"broken","nome":"Ana","nascimento":"2000-10-01"'
NOT_ONE_OBJECT: list[tuple[str, bytes]] = [
    ("empty", b""),
    ("blank", b" \r\n\t"),
    ("cut", _VALID_START),
    ("word", b"person"),
    ("form", b"apelido=ana&nome=Ana&nascimento=2000-10-01"),
    ("array", b"[" + _VALID_START + b"}]"),
    ("empty array", b"[]"),
    ("string", b'"ana"'),
    ("number", b"1"),
    ("null", b"null"),
    ("true", b"true"),
    ("single quotes", _VALID_START.replace(b'"', b"'") + b"}"),
    ("trailing comma", _VALID_START + b",}"),
    ("trailing word", _VALID_START + b"} x"),
    ("two objects", _VALID_START + b"}{}"),
    ("trailing NUL", _VALID_START + b"}\0"),
    ("trailing brace", _VALID_START + b"}}"),
    ("comment", _VALID_START + b"/* */}"),
    ("BOM", b"\xef\xbb\xbf" + _VALID_START + b"}"),
    ("UTF-16", (_VALID_START + b"}").decode().encode("utf-16")),
    ("UTF-32", (_VALID_START + b"}").decode().encode("utf-32-le")),
    ("latin-1", _VALID_START.replace(b"Ana", b"Jo\xe3o") + b"}"),
    ("overlong", _VALID_START.replace(b"Ana", b"\xc0\x80") + b"}"),
    ("raw surrogate", _VALID_START.replace(b"Ana", b"\xed\xa0\x80") + b"}"),
    ("raw pair of surrogates", _VALID_START.replace(b"Ana", b"\xed\xa0\xbe\xed\xb6\x9c") + b"}"),
    ("beyond Unicode", _VALID_START.replace(b"Ana", b"\xf4\x90\x80\x80") + b"}"),
    ("not UTF-8 in an unknown field", _VALID_START + b',"x":"\xff"}'),
    ("lone high surrogate", _VALID_START.replace(b"Ana", b"\\ud83e") + b"}"),
    ("lone low surrogate", _VALID_START.replace(b"Ana", b"\\uddff") + b"}"),
    ("surrogates turned round", _VALID_START.replace(b"Ana", b"\\udd9c\\ud83e") + b"}"),
    ("lone surrogate in the nickname", _VALID_START.replace(b"broken", b"a\\ud83e") + b"}"),
    ("lone surrogate in the date", _VALID_START.replace(b"2000-10-01", b"\\ud83e") + b"}"),
    ("lone surrogate in stack", _VALID_START + b',"stack":["\\ud83e"]}'),
    ("lone surrogate in an unknown field", _VALID_START + b',"x":"\\ud83e"}'),
    ("lone surrogate in a key", _VALID_START + b',"\\ud83e":1}'),
    ("lone surrogate in what a later key replaces", b'{"nome":"\\ud83e",' + _VALID_START[1:] + b"}"),
    ("bad escape", _VALID_START.replace(b"Ana", b"\\x41") + b"}"),
    ("raw line feed in a string", _VALID_START.replace(b"Ana", b"A\na") + b"}"),
    ("raw NUL in a string", _VALID_START.replace(b"Ana", b"A\0a") + b"}"),
    ("NaN", _VALID_START + b',"x":NaN}'),
    ("Infinity", _VALID_START + b',"x":-Infinity}'),
    ("leading zero", _VALID_START + b',"x":01}'),
    ("hexadecimal", _VALID_START + b',"x":0x1}'),
    ("key without quotes", _VALID_START + b",x:1}"),
    ("deep arrays", b"[" * 30_000 + b"]" * 30_000),
    ("deep arrays, unclosed", b"[" * 60_000),
    ("deep objects", b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    ("deep unknown field", _VALID_START + b',"x":' + b"[" * 30_000 + b"]" * 30_000 + b"}"),
]


@pytest.mark.parametrize(
    "body", [body for _, body in NOT_ONE_OBJECT], ids=[name for name, _ in NOT_ONE_OBJECT]
)
def test_what_is_not_one_json_object_gets_400(shared_server: Server, body: bytes) -> None:
    before = shared_server.count()
    assert_problem(post(shared_server, body), 400)
    assert shared_server.count() == before


WRONG_TYPES: list[tuple[str, Any]] = [
    *product(REQUIRED, [0, 1, -1.5, True, False, [], ["ana"], {}, {"x": "y"}, 20001001]),
    *product(["stack"], ["PHP", "", 0, 1, True, False, {}, {"0": "C"}]),
    *product(["stack"], [[1], [None], [True], [[]], [["C"]], [{}], ["C", None], [None, "C"]]),
]
NO_DATES = [
    "2001-02-29",
    "1900-02-29",
    "2100-02-29",
    "2000-02-30",
    "2000-13-01",
    "2000-00-01",
    "2000-01-00",
    "2000-01-32",
    "2000-04-31",
    "0000-01-01",
    "0000-02-29",
    "2000-1-1",
    "2000-1-01",
    "200-01-01",
    "20000-01-01",
    "+2000-01-01",
    "-2000-01-01",
    "20000101",
    "2000-0101",
    "2000-W01-1",
    "2000W011",
    "2000-W01",
    "2000-001",
    "2000-01",
    "2000",
    "2000/01/01",
    "01-01-2000",
    "01/01/2000",
    "2000-01-01\n",
    "\n2000-01-01",
    "2000-01-01 ",
    " 2000-01-01",
    "2000-01-01\0",
    "2000-01-01T00:00:00Z",
    "2000-01-01Z",
    "2000-01-1a",
    "2000-01-0x",
    "２０００-01-01",
    "2000-01-0١",
    "2000-01-0\u0661",
    "²000-01-01",
    "2000‐01‐01",
    "2000−01−01",
    "never",
    "a",
    " ",
    "\0",
    "x" * 1000,
    "null",
]
FAULTS_400: list[tuple[str, Any]] = [*WRONG_TYPES, *(("nascimento", written) for written in NO_DATES)]
FAULTS_422: list[tuple[str, Any]] = [
    *product(REQUIRED, [ABSENT, None, ""]),
    ("apelido", "x" * 33),
    ("apelido", "🦜" * 33),
    ("apelido", "e" + "\u0301" * 32),
    ("apelido", "x" * 60_000),
    ("nome", "x" * 101),
    ("nome", "👩" * 101),
    ("stack", [""]),
    ("stack", ["C", ""]),
    ("stack", ["x" * 33]),
    ("stack", ["C", "🦜" * 33]),
]


def name(fault: Any) -> str:
    return "absent" if fault is ABSENT else ascii(fault)[:40]


@pytest.mark.parametrize(("field", "value"), FAULTS_400, ids=name)
def test_a_field_of_the_wrong_type_or_no_date_gets_400(
    shared_server: Server, field: str, value: object
) -> None:
    before = shared_server.count()
    assert_problem(post(shared_server, person(**{field: value})), 400, field)
    assert shared_server.count() == before


@pytest.mark.parametrize(("field", "value"), FAULTS_422, ids=name)
def test_a_missing_empty_or_long_field_gets_422(shared_server: Server, field: str, value: object) -> None:
    before = shared_server.count()
    assert_problem(post(shared_server, person(**{field: value})), 422, field)
    assert shared_server.count() == before


@pytest.mark.parametrize("body", [{}, {"x": 1}, {"stack": None}, {"stack": []}], ids=str)
def test_an_object_without_the_fields_gets_422(shared_server: Server, body: dict[str, Any]) -> None:
    reply = post(shared_server, body)
    assert_problem(reply, 422, reply.json["field"])
    assert reply.json["field"] in REQUIRED


def test_a_400_wins_over_a_422_wherever_they_meet(
    shared_server: Server, connections: list[HTTPConnection]
) -> None:
    taken = created(shared_server)["apelido"]
    pairs = list(product(FAULTS_400, [*FAULTS_422, ("apelido", taken)]))
    before = shared_server.count()
    wrong = []
    for place, ((one, bad), (other, invalid)) in enumerate(pairs):
        if one == other:
            continue
        reply = ask(
            connections[place % CONNECTIONS],
            "POST",
            "/pessoas",
            orjson.dumps(person(**{one: bad, other: invalid})),
        )
        if (reply.status, reply.json.get("field")) != (400, one):
            wrong.append((one, bad, other, invalid, reply))
    assert wrong == []
    assert shared_server.count() == before


@pytest.mark.parametrize(
    "stack", [["", 1], [1, ""], ["x" * 33, None], [None, "x" * 33], ["", []], [{}, ""]], ids=str
)
def test_a_400_wins_over_a_422_within_one_stack(shared_server: Server, stack: list[Any]) -> None:
    assert_problem(post(shared_server, person(stack=stack)), 400, "stack")


@pytest.mark.parametrize("broken", [b"]", b',"x":NaN}', b',"x":"\\ud800"}', b"} x"])
def test_a_body_that_is_no_json_wins_over_a_taken_nickname(shared_server: Server, broken: bytes) -> None:
    taken = created(shared_server)["apelido"]
    assert_problem(post(shared_server, orjson.dumps(person(apelido=taken))[:-1] + broken), 400)


# A taken nickname


@pytest.mark.parametrize("nickname", ["taken", "🦜 taken", "taken\0", "taken ", "TAKEN", "é-taken", "x" * 31])
def test_a_taken_nickname_gets_422_and_the_path_of_its_person(shared_server: Server, nickname: str) -> None:
    nickname = nickname[:20] + own()
    first = post(shared_server, person(apelido=nickname, nome="First"))
    assert first.status == 201
    before = shared_server.count()
    for _ in range(4):
        again = assert_problem(post(shared_server, person(apelido=nickname, nome="Other")), 422, "apelido")
        assert again["existing"] == first.headers["Location"]
    assert shared_server.request("GET", first.headers["Location"]).body == first.body
    assert shared_server.count() == before
    assert [found["nome"] for found in search(shared_server, nickname)] == ["First"]


@pytest.mark.parametrize(
    "others",
    [
        ("u1", "U1", "u1 ", " u1", "u1\0", "u1\u200b"),
        ("\u00e92", "e\u03012", "E\u03012"),
        ("ﬁ3", "fi3"),
        ("ß4", "ss4", "ẞ4", "SS4"),
        ("İ5", "i5", "ı5", "I5", "i\u03075"),
        ("Å6", "\u212b6", "A\u030a6"),
    ],
    ids=ascii,
)
def test_nicknames_are_equal_only_when_exactly_equal(shared_server: Server, others: tuple[str, ...]) -> None:
    mark = own()
    assert [post(shared_server, person(apelido=other + mark)).status for other in others] == [201] * len(
        others
    )


def test_sixteen_clients_that_race_for_nicknames_get_each_once(server: Server) -> None:
    nicknames = [f"racer {number}" for number in range(200)]
    start = threading.Barrier(16)
    replies: list[list[Reply]] = [[] for _ in range(16)]

    def race(client: int) -> None:
        connection = server.connect()
        try:
            start.wait(20)
            for nickname in nicknames:
                body = orjson.dumps(person(apelido=nickname, nome=f"client {client}"))
                replies[client].append(ask(connection, "POST", "/pessoas", body))
        finally:
            connection.close()

    clients = [threading.Thread(target=race, args=(client,)) for client in range(16)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    for place, nickname in enumerate(nicknames):
        answers = [replies[client][place] for client in range(16)]
        assert Counter(answer.status for answer in answers) == {201: 1, 422: 15}, nickname
        (winner,) = (answer for answer in answers if answer.status == 201)
        for answer in answers:
            if answer.status == 422:
                assert assert_problem(answer, 422, "apelido")["existing"] == winner.headers["Location"]
        stored = server.request("GET", winner.headers["Location"])
        assert (stored.status, stored.body) == (200, winner.body)
    assert server.count() == 200


# Reading


def test_a_person_is_read_found_and_counted_at_once_through_every_worker(
    shared_server: Server, connections: list[HTTPConnection]
) -> None:
    for place in range(24):
        mark = own("everywhere ")
        before = shared_server.count()
        answer = ask(connections[place % CONNECTIONS], "POST", "/pessoas", orjson.dumps(person(apelido=mark)))
        assert answer.status == 201
        for connection in connections:
            assert ask(connection, "GET", answer.headers["Location"]).body == answer.body
            assert ask(connection, "GET", f"/pessoas?t={quote(mark)}").body == b"[" + answer.body + b"]"
            assert ask(connection, "GET", "/contagem-pessoas").body == b"%d" % (before + 1)


def test_an_id_is_found_in_either_case(shared_server: Server) -> None:
    answer = post(shared_server, person())
    key = answer.json["id"]
    mixed = "".join(letter.upper() if place % 2 else letter for place, letter in enumerate(key))
    for written in (key, key.upper(), mixed):
        read = shared_server.request("GET", f"/pessoas/{written}")
        assert (read.status, read.body) == (200, answer.body)


@pytest.mark.parametrize(
    "form",
    [
        "{{{}}}",
        "urn:uuid:{}",
        "{} ",
        " {}",
        "{}\n",
        "{}\0",
        "{}0",
        "0{}",
        "{}.json",
        "{},{}",
        "'{}'",
        "x",
        "1",
        "-1",
        "null",
        "undefined",
        "%",
        "é",
        "🦜",
        "\udcff",
        "..",
        ".",
        "*",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "gggggggg-gggg-gggg-gggg-gggggggggggg",
        "١1111111-1111-1111-1111-111111111111",
        "x" * 5000,
    ],
    ids=lambda form: ascii(form)[:40],
)
def test_what_is_no_id_is_a_person_who_does_not_exist(shared_server: Server, form: str) -> None:
    key = created(shared_server)["id"]
    path = quote(form.format(key, key), safe="", errors="surrogateescape")
    assert_problem(shared_server.request("GET", f"/pessoas/{path}"), 404)


def test_an_id_with_dashes_elsewhere_or_none_does_not_exist(shared_server: Server) -> None:
    key: str = created(shared_server)["id"]
    plain = key.replace("-", "")
    for written in (
        plain,
        plain[:7] + "-" + plain[7:],
        key[:-1],
        key[1:],
        key.replace("-", "_"),
        f"{key[:-1]}g",
    ):
        assert_problem(shared_server.request("GET", f"/pessoas/{written}"), 404)


def test_the_count_is_exact_plain_text(shared_server: Server) -> None:
    before = shared_server.request("GET", "/contagem-pessoas")
    assert before.status == 200
    assert before.headers["Content-Type"].startswith("text/plain")
    assert before.body.isdigit()
    for more in range(1, 6):
        created(shared_server)
        post(shared_server, person(nome=""))
        assert shared_server.request("GET", "/contagem-pessoas").body == b"%d" % (int(before.body) + more)


# Searching

# What is stored, the term, whether the one is found by the other.
CASES = [
    ("Ana Maria", "ana", True),
    ("ana maria", "A M", True),
    ("Ana", "ANA", True),
    ("Ana", "An\u0061\u0301", False),
    ("João", "JOÃO", True),
    ("João", "Joao", False),
    ("É", "é", True),
    ("e\u0301", "é", False),
    ("Straße", "STRASSE", False),
    ("Straße", "straße", True),
    ("STRAẞE", "straße", True),
    ("straße", "STRAẞE", True),
    ("strasse", "straße", False),
    ("İstanbul", "i\u0307stanbul", True),
    ("i\u0307stanbul", "İSTANBUL", True),
    ("İstanbul", "istanbul", False),
    ("istanbul", "İ", False),
    ("ısı", "ISI", False),
    ("ISI", "isi", True),
    ("ſ", "s", False),
    ("S", "ſ", False),
    ("ſ", "ſ", True),
    ("K", "k", True),  # KELVIN SIGN
    ("k", "K", True),
    ("Ω", "ω", True),  # OHM SIGN
    ("ω", "Ω", True),
    ("Å", "å", True),  # ANGSTROM SIGN
    ("ΟΔΟΣ", "οδος", True),
    ("ΟΔΟΣ", "ΟΔΟΣ", True),
    ("ΟΔΟΣ", "οδοσ", False),
    ("ΟΔΟΣ", "ΔΟ", True),
    ("οδοσ", "ΟΔΟΣ", False),
    ("ς", "Σ", False),
    ("σ", "Σ", True),
    ("Σ", "σ", True),
    ("ﬁn", "fin", False),
    ("Ǆ", "ǆ", True),
    ("ǅ", "ǆ", True),
    ("Ა", "ა", True),
    ("𐐀", "𐐨", True),
    ("🦜🦜", "🦜", True),
    ("🦜", "🦝", False),
    ("100%", "100%", True),
    ("100", "%", False),
    ("a_b", "a_b", True),
    ("axb", "a_b", False),
    ("abc", "a.*c", False),
    ("a.*c", "a.*c", True),
    ("abc", "a?c", False),
    ("abc", "[a-z]", False),
    ("abc", "^abc$", False),
    ("abc", "abc|", False),
    ("a\\b", "a\\b", True),
    ("a\\b", "a\\\\b", False),
    ("ab", "a\\b", False),
    ('say "hi"', '"hi"', True),
    ('say "hi"', '\\"hi\\"', False),
    ("O'Neil", "o'n", True),
    ("O'Neil", "o''n", False),
    ("a\0b", "a\0b", True),
    ("a\0b", "ab", False),
    ("a\nb", "a\nb", True),
    ("a\nb", "a\\nb", False),
    ("a  b", "a b", False),
    ("a b", "a  b", False),
    ("a+b", "a+b", True),
    ("a b", "a+b", False),
    ("a&b=c", "a&b=c", True),
    ("a#b", "a#b", True),
    ("a;b", "a;b", True),
    ("<b>", "<B>", True),
    ("\u00fe\u00ff", "\u00fe\u00ff", True),
    ("\ufffd", "\ufffd", True),
    ("abc", "abcd", False),
    ("x" * 80, "x" * 80, True),
    ("x" * 79, "x" * 80, False),
]


@pytest.mark.parametrize(
    ("field", "stored", "term", "found"),
    [("nome", *case) for case in CASES] + [("stack", *case) for case in CASES if len(case[0]) <= 20],
    ids=ascii,
)
def test_search_ignores_case_by_str_lower_and_nothing_else(
    shared_server: Server, field: str, stored: str, term: str, found: bool
) -> None:
    assert (term.lower() in stored.lower()) is found  # the table itself
    # A mark keeps other tests' people out. It ends in a space, which leaves the final sigma's rule alone.
    mark = own() + " "
    who = created(shared_server, **{field: mark + stored if field == "nome" else [mark + stored]})
    if not found:
        assert search(shared_server, mark + term) == []
        return
    place = stored.lower().index(term.lower())
    assert search(shared_server, mark + stored.lower()[:place] + term) == [who]


@pytest.mark.parametrize("field", ["apelido", "nome", "stack"])
def test_search_looks_into_every_field_of_text(shared_server: Server, field: str) -> None:
    mark = own("Looks")
    text = f"{mark} in"
    who = created(shared_server, **{field: ["C", text, "D"] if field == "stack" else text})
    assert search(shared_server, mark) == search(shared_server, mark[1:].upper() + " IN") == [who]


def test_a_person_who_matches_in_several_places_is_found_once(shared_server: Server) -> None:
    mark = own()
    who = created(shared_server, apelido=mark, nome=f"{mark} {mark}", stack=[mark, mark])
    assert search(shared_server, mark) == [who]


def test_a_term_never_matches_across_fields_or_elements(shared_server: Server) -> None:
    nickname, first_name, one, two = (own(f"{letter}-", f"-{letter}") for letter in "nfot")
    who = created(shared_server, apelido=nickname, nome=first_name, stack=[one, two])
    parts = [nickname, first_name, one, two]
    assert [search(shared_server, part) for part in parts] == [[who]] * 4
    for before, after in product(parts, parts):
        for between in ("", " ", "\0", "\n", ",", '","', '","nome":"', "\u00fe", "\u00ff", "\ufffd"):
            assert search(shared_server, before + between + after) == []
            assert search(shared_server, before[-3:] + between + after[:8]) == []
    follower = created(shared_server, apelido=own("follower"))
    assert search(shared_server, two + follower["apelido"]) == []


def test_search_sees_neither_id_nor_date_nor_the_form_of_a_document(server: Server) -> None:
    who = server.create(apelido="Only", nome="Person", nascimento="1987-03-21", stack=["Zig", "Lua"]).json
    key = who["id"]
    for term in (key, key[:8], key[-12:], key[-4:], "1987-03-21", "1987", "-03-", "03-21"):
        assert search(server, term) == [], term
    for term in ("apelido", "nome", "nascimento", "stack", "id", '"', ":", "{", "}", "[", "]", ",", "null"):
        assert search(server, term) == [], term
    for term in ("only", "PERSON", "i", "zig", "LUA", "y", "so"):
        assert search(server, term) == [who], term


def test_search_finds_at_most_50_the_oldest_first(
    shared_server: Server, connections: list[HTTPConnection]
) -> None:
    mark = own("Crowd")
    crowd = []
    for place in range(60):
        body = orjson.dumps(person(nome=f"{mark} {60 - place}", stack=["C"] * (place % 5)))
        crowd.append(ask(connections[place % CONNECTIONS], "POST", "/pessoas", body).json)
        if place in (0, 30, 48, 49, 50):
            assert search(shared_server, mark.lower()) == crowd[:50]
    assert search(shared_server, mark.lower()) == crowd[:50]
    assert search(shared_server, f"{mark} 1") == [one for one in crowd if f"{mark} 1" in one["nome"]]


def test_search_answers_with_the_bytes_that_reading_gives(shared_server: Server) -> None:
    mark = own()
    stacks: tuple[list[str] | None, ...] = ([], None)
    answers = [post(shared_server, person(nome=f'{mark} 🦜 " \\ \u2028', stack=stack)) for stack in stacks]
    found = shared_server.request("GET", f"/pessoas?t={mark}")
    assert found.body == b"[" + b",".join(answer.body for answer in answers) + b"]"


def test_a_search_that_finds_nobody_answers_an_empty_array(shared_server: Server) -> None:
    reply = shared_server.request("GET", f"/pessoas?t={own('nobody')}")
    assert (reply.status, reply.headers["Content-Type"], reply.body) == (200, JSON, b"[]")


@pytest.mark.parametrize(
    "form",
    [
        "t={plus}",
        "t={percent}",
        "t={lower}",
        "x=1&t={plus}",
        "t={plus}&x=%20",
        "t={plus}&t=other",
        "t={plus}&t=",
        "&&t={plus}",
        "%74={plus}",
        "T=other&t={plus}",
        "tt=other&t={plus}",
        "t[]=other&t={plus}",
        "=other&t={plus}",
        "x&t={plus}",
    ],
)
def test_a_term_is_read_from_the_query_however_it_is_written(shared_server: Server, form: str) -> None:
    mark = own("d'Água Ç+")
    who = created(shared_server, nome=f"{mark} & Cia = 100%; #1")
    text = f"{mark} & Cia = 100%; #1"
    query = form.format(
        plus=quote_plus(text),
        percent="".join(f"%{byte:02X}" for byte in text.encode()),
        lower="".join(f"%{byte:02x}" for byte in text.encode()),
    )
    reply = shared_server.request("GET", f"/pessoas?{query}")
    assert reply.status == 200
    assert reply.json == [who]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?",
        "?t",
        "?t=",
        "?t&x=1",
        "?x=1",
        "?T=ana",
        "?term=ana",
        "?t[]=ana",
        "?=ana",
        "?&",
        "?t=&t=ana",
        "?t&t=ana",
        "?x=1&t=&t=ana",
        "?t=%FF",
        "?t=%fe",
        "?t=a%C3",
        "?t=%C3%28",
        "?t=%C0%80",
        "?t=%ED%A0%80",
        "?t=%F4%90%80%80",
        "?t=Jo%E3o",
        "?t=%FF&t=ana",
    ],
)
def test_a_search_without_a_term_or_with_one_that_is_no_text_gets_400(
    shared_server: Server, query: str
) -> None:
    assert_problem(shared_server.request("GET", f"/pessoas{query}"), 400, "t")


def test_a_search_goes_on_after_a_person(shared_server: Server) -> None:
    mark = own()
    everybody = [created(shared_server, nome=mark) for _ in range(120)]
    walked: list[dict[str, Any]] = []
    query = f"?t={mark}"
    while page := shared_server.request("GET", f"/pessoas{query}").json:
        assert len(page) == min(50, 120 - len(walked))
        walked += page
        query = f"?t={mark}&after={page[-1]['id'].upper()}"
    assert walked == everybody
    one, other = everybody[10]["id"], everybody[70]["id"]
    for query, expected in (
        (f"?t={mark}&after={one}&after={other}", everybody[11:61]),
        (f"?after={one}&t={mark}&after=", everybody[11:61]),
        (f"?after={other}&t={mark.upper()}", everybody[71:]),
        (f"?t={mark}&After={other}", everybody[:50]),
        (f"?t={everybody[9]['apelido']}&after={one}", []),
    ):
        assert shared_server.request("GET", f"/pessoas{query}").json == expected


@pytest.mark.parametrize(
    "after",
    ["", "1", NOBODY[:-1], NOBODY.replace("-", ""), f"{{{NOBODY}}}", f" {NOBODY}", f"x&after={NOBODY}"],
)
def test_after_what_is_no_id_gets_400(shared_server: Server, after: str) -> None:
    reply = shared_server.request("GET", f"/pessoas?t=a&after={after.replace(' ', '%20')}")
    assert_problem(reply, 400, "after")


def test_after_an_id_that_nobody_has_gets_404(shared_server: Server) -> None:
    assert_problem(shared_server.request("GET", f"/pessoas?t=a&after={NOBODY}"), 404, "after")
    assert_problem(shared_server.request("GET", f"/pessoas?t=&after={NOBODY}"), 400, "t")


@pytest.mark.parametrize("term", [" ", "\0", "%", "_", "\u00ff", "🦜" * 500], ids=ascii)
def test_any_term_that_is_not_empty_is_a_term(shared_server: Server, term: str) -> None:
    assert all(
        any(term in text.lower() for text in (one["apelido"], one["nome"], *(one["stack"] or ())))
        for one in search(shared_server, term)
    )


# Methods and paths

METHODS = ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "get", "GETS"]
PATHS = {
    "/pessoas": "GET, HEAD, POST",
    "/pessoas?t=a": "GET, HEAD, POST",
    f"/pessoas/{NOBODY}": "GET, HEAD",
    "/pessoas/x": "GET, HEAD",
    "/contagem-pessoas": "GET, HEAD",
}


@pytest.mark.parametrize(
    ("method", "path"),
    [*product(METHODS, PATHS), *(("POST", path) for path, allow in PATHS.items() if "POST" not in allow)],
)
def test_a_method_that_a_path_does_not_know_gets_405(shared_server: Server, method: str, path: str) -> None:
    reply = shared_server.request(method, path)
    assert_problem(reply, 405)
    assert sorted(reply.headers["Allow"].split(", ")) == PATHS[path].split(", ")


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE", "BREW"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?t=a",
        "/pessoas/",
        "/pessoas/?t=a",
        f"/pessoas/{NOBODY}/",
        f"/pessoas/{NOBODY}/x",
        "/pessoas//",
        "//pessoas",
        "/contagem-pessoas/",
        "/contagem-pessoas/x",
        "/contagem",
        "/pessoa",
        "/Pessoas",
        "/PESSOAS",
        "/pessoas.json",
        "/pessoas%2F",
        "/pessoas%3Ft=a",
        "/favicon.ico",
        "/robots.txt",
        "/../etc/passwd",
        "/pessoas/../pessoas",
        "/%00",
        "/%FF",
        "/index.html",
        "/static/x",
    ],
)
def test_unknown_paths_and_trailing_slashes_get_404(shared_server: Server, method: str, path: str) -> None:
    assert_problem(shared_server.request(method, path), 404)


def test_an_existing_person_with_a_trailing_slash_is_not_found(shared_server: Server) -> None:
    assert_problem(shared_server.request("GET", f"/pessoas/{created(shared_server)['id']}/"), 404)


@pytest.mark.parametrize(
    "path",
    [
        "/pessoas?t=head",
        "/pessoas?t=%FF",
        "/pessoas",
        "/pessoas/",
        "/pessoas/{id}",
        f"/pessoas/{NOBODY}",
        "/contagem-pessoas",
        "/health",
        "/nowhere",
    ],
)
def test_head_answers_as_get_does_but_without_a_body(shared_server: Server, path: str) -> None:
    path = path.format(id=created(shared_server, nome="head")["id"])
    answers = [
        # On the wire: a client's library would drop a body that came all the same.
        shared_server.talk(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        for method in ("GET", "HEAD")
    ]
    (get, get_body), (head, head_body) = (answer.split(b"\r\n\r\n", 1) for answer in answers)
    assert get_body != b""
    assert (head, head_body) == (get, b"")


# Sizes


@pytest.mark.parametrize(("size", "status"), [(65_536, 201), (65_537, 413), (1_000_000, 413)])
def test_a_body_over_the_limit_gets_413(shared_server: Server, size: int, status: int) -> None:
    body = orjson.dumps(person())
    reply = post(shared_server, body + b" " * (size - len(body)))
    assert reply.status == status
    if status == 413:
        assert_problem(reply, 413)


@pytest.mark.parametrize(
    ("query", "field"),
    [("t=%ff", "t"), ("t=a&after=%ff", "after"), ("fuzzy=%ff&t=a", "fuzzy"), ("t=a&x=%ff", None)],
)
def test_text_that_is_not_utf_8_is_refused_by_the_name_of_its_parameter(
    shared_server: Server, query: str, field: str | None
) -> None:
    reply = shared_server.request("GET", f"/pessoas?{query}")
    assert (reply.status, reply.json.get("field")) == (400, field)
