"""Some of the fuzzing that `make fuzz` does at length, and the oracle of heads against known ones."""

import pytest

from tests.fuzz.cases import ended
from tests.fuzz.chunks import unchunk
from tests.fuzz.heads import judge
from tests.fuzz.run import fuzz
from tests.oracle import Refused
from tests.serving import Server
from tests.test_http import HEADS


def test_answers_are_as_the_contract_says(server: Server) -> None:
    fuzz(server, 2000, seed=5)


# What the head alone tells: the rest is about bodies, absolute targets, or what comes before the head.
ROWS = [
    row
    for row in HEADS
    if b"\r\n\r\n" in row[1]
    and not any(
        word in row[0]
        for word in ("absolute", "chunk ", "in chunks", "in one chunk", "many chunks", "before")
    )
    and row[0] != "trailer"
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_oracle_of_heads_knows_the_table(row: tuple[str, bytes, int, bool]) -> None:
    _, sent, status, stays = row
    verdict = judge(ended(sent))
    assert status in verdict.statuses
    assert verdict.stays in (stays, None)


CHUNKED = [row for row in HEADS if row not in ROWS and b"\r\nTransfer-Encoding: chunked\r\n\r\n" in row[1]]


@pytest.mark.parametrize("row", CHUNKED, ids=lambda row: row[0])
def test_the_oracle_of_chunks_knows_the_table(row: tuple[str, bytes, int, bool]) -> None:
    _, sent, status, stays = row
    found: object
    try:
        found = unchunk(sent.partition(b"\r\n\r\n")[2])
    except Refused as refusal:
        found = refusal.status
    assert found == ((b"{}   ", b"") if stays else status)
