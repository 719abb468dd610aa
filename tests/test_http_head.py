"""Heads as a pure function reads them, against an oracle that reads them character by character."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goseventh.http_head import Head, incomplete_problem, read_head
from goseventh.limits import DEFAULTS
from goseventh.problems import Problem
from tests.fuzz.cases import heads, variants
from tests.fuzz.heads import judge
from tests.test_http import HEADS

END = b"\r\n\r\n"


def read(head: bytes) -> Head | int:
    """The head, or the status of its refusal."""
    try:
        return read_head(head.removesuffix(END), DEFAULTS)
    except Problem as problem:
        return problem.status


@settings(max_examples=150)
@given(heads(), st.integers(0, 1 << 32))
def test_heads_are_read_as_the_oracle_reads_them_in_any_packets(head: bytes, seed: int) -> None:
    for sent in [*variants("head", head, seed)] * 2:  # the second time its fields are known
        while sent.startswith(b"\r\n"):
            sent = sent[2:]
        found, wanted = read(sent), judge(sent)
        if isinstance(found, int):
            assert found in wanted.statuses
            continue
        if len(sent) > DEFAULTS.head:
            continue  # where it is received its size tells
        assert not wanted.refused
        assert found.fields.length == wanted.length
        assert wanted.stays in (None, found.fields.keeps_alive) or wanted.statuses == {413}
        # However it comes in packets it is taken.
        assert all(incomplete_problem(sent[:end], DEFAULTS) is None for end in range(len(sent)))


@pytest.mark.parametrize("row", HEADS, ids=lambda row: row[0])
def test_no_beginning_of_a_good_head_is_refused(row: tuple[str, bytes, int, bool]) -> None:
    head, end, _ = row[1].lstrip(b"\r\n").partition(END)
    if end and len(head) < DEFAULTS.head - len(END) and isinstance(read(head), Head):
        assert all(incomplete_problem((head + END)[:size], DEFAULTS) is None for size in range(len(head) + 3))


@pytest.mark.parametrize(
    ("version", "fields", "keeps_alive", "waits"),
    [
        ("1.1", [], True, False),
        ("1.1", ["Connection: close"], False, False),
        ("1.1", ["Connection: x,\tCLOSE "], False, False),
        ("1.1", ["Connection: keep-alive", "Connection: close"], False, False),
        ("1.1", ["Connection: closed"], True, False),
        ("1.1", ["Expect: 100-continue "], True, True),
        ("1.1", ["Expect: ", "Expect: 100-Continue, 100-continue"], True, True),
        ("1.1", ["Expect: ,"], True, False),
        ("1.0", [], False, False),
        ("1.0", ["Connection: keep-alive"], True, False),
        ("1.0", ["Connection: keep-alive, close"], False, False),
        ("1.0", ["Connection: x,Keep-Alive", "Expect: 100-continue"], True, False),
        ("1.0", ["Expect: tea"], False, False),
    ],
)
def test_what_the_client_wants_of_the_connection(
    version: str, fields: list[str], keeps_alive: bool, waits: bool
) -> None:
    head = read("\r\n".join([f"GET / HTTP/{version}", "Host: x", *fields]).encode())
    assert isinstance(head, Head)
    assert (head.fields.keeps_alive, head.fields.waits) == (keeps_alive, waits)
