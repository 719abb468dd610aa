"""The soak's own judgement: it must see a loss, a wrong answer and a leak."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast
from zlib import crc32

import pytest

from goseventh.bench.open_load.exchange import Exchange
from goseventh.bench.open_load.schedule import Kind
from goseventh.bench.open_load.script import Script
from goseventh.bench.people import Person
from tests.serving import Server
from tests.soak.run import Ledger, main
from tests.soak.verdict import shortcomings
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
    name = next(iter(change))
    grown = leaks([*flat[:-1], flat[-1]._replace(**change)])
    assert any("since second 2" in leak for leak in grown), name
    # What has grown by the middle is seen from the start.
    late = [one._replace(**{name: 3 * change[name]}) if one.seconds > 1 else one for one in flat]
    assert len(leaks(late)) == 1
    assert len(table(flat).splitlines()) == 4


DEEDS = {"workers killed": 2, "disk filled": 1}
ANSWERS = {"create 201": 60, "create 507": 3, "create 503": 9, "read 200": 50, "read cut": 2}


def test_a_soak_in_which_it_all_happened_shows_something() -> None:
    assert shortcomings(3, DEEDS, ANSWERS, 100) == []


@pytest.mark.parametrize(
    ("looks", "deeds", "answers", "planned"),
    [
        (2, DEEDS, ANSWERS, 100),
        (3, DEEDS | {"workers killed": 0}, ANSWERS, 100),
        (3, {"workers killed": 2}, ANSWERS, 100),
        (3, DEEDS, ANSWERS | {"create 507": 0}, 100),
        (3, DEEDS, ANSWERS | {"create 201": 49}, 100),
        (3, DEEDS, ANSWERS, 0),
        (3, DEEDS, ANSWERS | {"read cut": 3000}, 100),
        (3, DEEDS, ANSWERS | {"search 503": 3000}, 100),
    ],
)
def test_a_soak_in_which_something_did_not_happen_shows_nothing(
    looks: int, deeds: dict[str, int], answers: dict[str, int], planned: int
) -> None:
    assert len(shortcomings(looks, deeds, answers, planned)) == 1


@pytest.mark.parametrize("minutes", ["0", "-1", "nan"])
def test_a_soak_of_no_time_is_refused(minutes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOAK_MINUTES", minutes)
    assert main() == 2
