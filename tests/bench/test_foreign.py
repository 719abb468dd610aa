"""That a server of others is judged by what the tournament asks of everybody, and caught where it errs."""

import json
from collections.abc import Callable

import pytest

from goseventh.bench.open_load.tournament import FAILED, PASSED

from .runs import go
from .stub import JSON, Answer, Stub


class Other(Stub):
    """Answers as many entries do: a 201 without a body, errors without one, fields in another order."""

    def create(self, body: bytes) -> Answer | None:
        answer = super().create(body)
        assert answer is not None
        status, headers, _ = answer
        return status, {"Location": headers["Location"]} if status == 201 else {}, b""

    def read(self, path: str) -> Answer | None:
        person = json.loads(self.people[path])
        return 200, JSON, json.dumps(dict(reversed(person.items()))).encode()

    def no_term(self) -> Answer | None:
        return 400, {}, b""


class OtherPerson(Other):
    def read(self, path: str) -> Answer | None:
        return 200, JSON, next(iter(self.people.values()))


class NoLocation(Other):
    def create(self, body: bytes) -> Answer | None:
        answer = super().create(body)
        return answer and (answer[0], {}, b"")


class NoError(Other):
    def no_term(self) -> Answer | None:
        return 200, JSON, b"[]"


def test_who_keeps_the_tournament_s_contract_passes_and_ours_is_stricter() -> None:
    with Other() as stub:
        code, out, _ = go(stub, strict=False)
        assert (code, "every answer right" in out) == (PASSED, True), out
    with Other() as stub:
        assert go(stub)[0] == FAILED


@pytest.mark.parametrize(
    ("defective", "named"),
    [
        (OtherPerson, "body is not the person that was sent"),
        (NoLocation, "Location is not /pessoas/{id}"),
        (NoError, "status 200, not 400"),
    ],
)
def test_what_everybody_must_do_is_still_judged(defective: Callable[[], Stub], named: str) -> None:
    with defective() as stub:
        code, out, _ = go(stub, strict=False)
    assert code == FAILED
    assert named in out
