"""A verdict that could not fail would be worth nothing: each defect planted in a server fails by its name."""

import json
from collections.abc import Callable

import pytest

from goseventh.bench import people
from goseventh.bench.open_load.tournament import FAILED

from .runs import SEED, go
from .stub import Answer, Stub, problem


def test_the_plan_repeats_a_nickname() -> None:
    """Else the defects below that need one would pass for another reason."""
    generated = people.people(SEED)
    accepted = [p.nickname for p in (next(generated) for _ in range(400)) if p.status == people.CREATED]
    assert len(set(accepted)) < len(accepted)


class LosesPeople(Stub):
    def count(self) -> int:
        return len(self.people) - len(self.people) // 10


class ForgetsOnRead(Stub):
    def read(self, path: str) -> Answer | None:
        return problem(404)


class ReadsOtherBytes(Stub):
    def read(self, path: str) -> Answer | None:
        status, headers, body = super().read(path) or problem(404)
        return status, headers, body.replace(b": ", b":")


class WrongLocation(Stub):
    def keep(self, person: dict[str, object]) -> Answer:
        status, headers, body = super().keep(person)
        return status, headers | {"Location": "http://elsewhere" + headers["Location"]}, body


class ChangesName(Stub):
    def keep(self, person: dict[str, object]) -> Answer:
        return super().keep({**person, "nome": str(person["nome"]).strip() + "."})


class AcceptsTwice(Stub):
    def create(self, body: bytes) -> Answer | None:
        self.nicknames.clear()
        return super().create(body)


class RefusesTheFirst(Stub):
    def create(self, body: bytes) -> Answer | None:
        return super().create(body) if self.nicknames else self.refuse(json.loads(body))

    def refuse(self, person: dict[str, object]) -> Answer:
        self.nicknames[str(person["apelido"])] = "/pessoas/nobody"
        return problem(422, existing="/pessoas/nobody")


class NamesAnotherOwner(Stub):
    def create(self, body: bytes) -> Answer | None:
        status, headers, answer = super().create(body) or problem(500)
        return status, headers, answer.replace(b'"existing": "/pessoas/', b'"existing": "/pessoas/f')


class AcceptsMonth13(Stub):
    def create(self, body: bytes) -> Answer | None:
        return super().create(body.replace(b"-13-", b"-12-"))


class PlainErrors(Stub):
    def no_term(self) -> Answer | None:
        return 400, {"Content-Type": "application/json"}, problem(400)[2]


class FindsAll(Stub):
    def no_term(self) -> Answer | None:
        return self.search("a")


class FindsOthers(Stub):
    def hits(self, term: str) -> list[bytes]:
        return list(self.people.values())[:1]


class FindsNobody(Stub):
    def hits(self, term: str) -> list[bytes]:
        return []


class FindsTooMany(Stub):
    def search(self, term: str) -> Answer | None:
        return 200, {}, b"[" + b",".join(self.hits(term)) + b"]"


class Crashes(Stub):
    def read(self, path: str) -> Answer | None:
        return problem(500)


@pytest.mark.parametrize(
    ("defective", "named"),
    [
        (LosesPeople, "people too few, 0 wrong answers, 0 missing"),
        (ForgetsOnRead, "read: status 404, not 200"),
        (ReadsOtherBytes, "read: body is not the one that the creation answered"),
        (WrongLocation, "create: Location is not /pessoas/{id} of the body"),
        (ChangesName, "create: body is not the person that was sent"),
        (AcceptsTwice, "create: nickname accepted more than once"),
        (RefusesTheFirst, "create: nickname refused though nobody has it"),
        (NamesAnotherOwner, "create: `existing` is not the path of the person who has the nickname"),
        (AcceptsMonth13, "create: status 201, not 400"),
        (PlainErrors, "search without term: error is not application/problem+json"),
        (FindsAll, "search without term: status 200, not 400"),
        (FindsOthers, "search: a hit does not contain the term"),
        (FindsNobody, "search: misses a person it should find"),
        (FindsTooMany, "search: not a JSON array of at most 50 people"),
        (Crashes, "read: status 500, not 200"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_defect_fails_the_run_and_is_named(defective: Callable[[], Stub], named: str) -> None:
    with defective() as stub:
        code, out, _ = go(stub)
    assert code == FAILED
    assert named in out
    assert "FAILED" in out.splitlines()[-1]


def test_a_missing_answer_fails_the_run_and_is_counted() -> None:
    class AnswersMost(Stub):
        def no_term(self) -> Answer | None:
            self.asked = getattr(self, "asked", 0) + 1
            return None if self.asked == 7 else super().no_term()

    with AnswersMost() as stub:
        code, out, _ = go(stub, timeout=1.5)
    assert code == FAILED
    assert "1 × search without term: no answer: gave up waiting" in out
    assert "0 people too few, 0 wrong answers, 1 missing" in out


def test_a_lost_201_does_not_make_the_other_answers_wrong() -> None:
    """The person was kept but nobody was told: later 422s to that nickname are right."""

    class LosesAnswers(Stub):
        def keep(self, person: dict[str, object]) -> Answer | None:  # type: ignore[override]
            answer = super().keep(person)
            return None if len(str(person["apelido"])) == 1 else answer

    with LosesAnswers() as stub:
        code, out, _ = go(stub, timeout=1.5)
    assert code == FAILED
    assert " 0 people too few, 0 wrong answers" in out
