"""What neither clients nor the log are told, whatever goes wrong."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests import defective
from tests.discreet import assert_discreet
from tests.serving import Server
from tests.test_http import Wire, get, length, post

TOKEN = "a-token-of-the-operators"
MARK = "s3cr3t"
FLAGS = ["--max-head", "512", "--max-target", "100", "--max-body", "1KiB", "--head-timeout", "1"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of small limits, of which operators' pages ask for a token, and with a defect."""
    directory = tmp_path_factory.mktemp("leaks") / "data"
    flags = [*FLAGS, "--admin-token", TOKEN]
    with Server(directory, *flags, program=(defective.PROGRAM,)) as running:
        assert running.create(apelido="taken").status == 201
        yield running


def person(apelido: str, **fields: object) -> bytes:
    """A creation of somebody whose `nome` is nobody's business."""
    whole = {"apelido": apelido, "nome": MARK, "nascimento": "2000-10-01"} | fields
    body = orjson.dumps(whole)
    return post(length(body), body=body)


NOTE = b"X: " + MARK.encode()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (post(NOTE, b"Content-Length: 7", body=MARK.encode() + b"{"), 400),
        (person("ana", nascimento=MARK), 400),
        (person("ana", stack=[MARK, 1]), 400),
        (get(NOTE, target=b"/pessoas?t=%ff" + MARK.encode()), 400),
        (get(NOTE, b"X : y"), 400),
        (post(NOTE, b"Transfer-Encoding: chunked", body=MARK.encode() + b"\r\n\r\n"), 400),
        (get(b"Authorization: Bearer " + MARK.encode(), target=b"/stats"), 401),
        (get(NOTE, target=b"/" + MARK.encode()), 404),
        (get(NOTE).replace(b"GET", MARK.encode()), 405),
        (get(NOTE)[:-2], 408),
        (post(NOTE, b"Content-Length: 2000", body=MARK.encode() * 300), 413),
        (get(NOTE, target=b"/" + MARK.encode() * 20), 414),
        (get(b"Expect: " + MARK.encode()), 417),
        (person("taken"), 422),
        (person(MARK * 10), 422),
        (get(NOTE * 100), 431),
        (person(defective.NICKNAME), 500),
        (get(NOTE, version=b"HTTP/3.0"), 505),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else "",
)
def test_nothing_is_told_of_the_server_nor_of_what_was_sent(server: Server, sent: bytes, status: int) -> None:
    with Wire(server) as wire:
        wire.send(sent)
        reply = wire.answer()
    assert reply.status == status
    assert_discreet(reply, server)
    assert TOKEN not in reply.body.decode() + str(reply.headers)
    log = server.errors()
    assert MARK not in log
    assert TOKEN not in log
    assert ("is no store" in log) or status != 500, "a defect must be told to whoever can mend it"


def test_what_goes_well_is_not_logged(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        with Wire(server) as wire:
            wire.send(person("ana") + get(target=b"/pessoas?t=" + MARK.encode()))
            assert [wire.answer().status for _ in range(2)] == [201, 200]
        assert server.stop() == 0
        assert server.errors() == ""
