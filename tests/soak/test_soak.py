"""The soak's own judgement: it must see a loss, a wrong answer and a leak."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast
from zlib import crc32

import pytest

from goseventh.bench.exchange import Exchange
from goseventh.bench.people import Person
from goseventh.bench.schedule import Kind
from goseventh.bench.script import Script
from tests.serving import Server
from tests.soak.run import Ledger
from tests.soak.vitals import Vitals, leaks, table, take

SCRIPT = cast(Script, SimpleNamespace(people=[Person("ana", b"", 201), Person("", b"", 400)]))
FLAT = Vitals(0, 1000, 50 << 20, 9 << 20, 60, 2, 1 << 20)


def answered(kind: Kind, status: int, index: int = 0, body: bytes = b"", location: str = "") -> Exchange:
    return Exchange(kind, index, 0.0, done=1.0, status=status, location=location, body=body)


@pytest.mark.parametrize(
    ("exchange", "wrong"),
    [
        (answered(Kind.CREATE, 422), False),
        (answered(Kind.CREATE, 507), False),
        (answered(Kind.CREATE, 503), False),
        (answered(Kind.CREATE, 500), True),
        (answered(Kind.CREATE, 400), True),
        (answered(Kind.CREATE, 400, 1), False),
        (answered(Kind.CREATE, 422, 1), True),
        (answered(Kind.READ, 404), True),
        (answered(Kind.READ, 200, body=b'{"id":"' + b"0" * 36 + b'"}'), True),
        (answered(Kind.SEARCH, 200), False),
        (answered(Kind.SEARCH, 400), True),
        (answered(Kind.NO_TERM, 400), False),
        (answered(Kind.NO_TERM, 200), True),
        (Exchange(Kind.CREATE, 0, 0.0, fault="cut"), False),
    ],
)
def test_an_answer_that_may_not_be_is_seen(exchange: Exchange, wrong: bool) -> None:
    ledger = Ledger()
    ledger.note(exchange, SCRIPT)
    assert bool(ledger.wrong) is wrong


def test_a_lost_person_a_changed_one_and_a_stranger_are_seen(directory: Path) -> None:
    with Server(directory) as server:
        kept, changed, _ = (server.create(apelido=name) for name in ("kept", "changed", "stranger"))
        looked = take(server, 1.0)
    assert looked.people == 3
    assert min(looked.memory, looked.mapped, looked.files, looked.readers, looked.size) > 0
    ledger = Ledger()
    for reply, body in ((kept, kept.body), (changed, changed.body + b"x")):
        location = str(reply.headers["Location"])
        ledger.note(answered(Kind.CREATE, 201, body=body, location=location), SCRIPT)
    ledger.promised[bytes(16)] = crc32(b"")
    assert ledger.lost(directory) == 2
    assert ledger.wrong == {"people whom nobody may have created": 1}


@pytest.mark.parametrize(
    "change",
    [{"memory": 90 << 20}, {"files": 90}, {"readers": 30}, {"size": 9 << 20}],
    ids=lambda change: next(iter(change)),
)
def test_what_grows_is_seen(change: dict[str, int]) -> None:
    flat = [FLAT._replace(seconds=float(second)) for second in range(5)]
    assert leaks(flat) == []
    assert len(leaks([*flat[:-1], flat[-1]._replace(**change)])) == 1
    assert len(table(flat).splitlines()) == 4
