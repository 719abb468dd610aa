from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from goseventh.bench.open_load.schedule import TOURNAMENT, Arrival, Kind, Phase, arrivals, seconds


@pytest.fixture(scope="module")
def tournament() -> list[Arrival]:
    return arrivals(TOURNAMENT, 1, 1.0)


def within(sample: list[Arrival], kind: Kind, start: float, end: float) -> int:
    return sum(arrival.kind is kind and start <= arrival.at < end for arrival in sample)


def test_the_whole_load(tournament: list[Arrival]) -> None:
    counts = Counter(arrival.kind for arrival in tournament)
    assert counts == {Kind.CREATE: 54_635, Kind.SEARCH: 9_590, Kind.NO_TERM: 4_190}
    assert seconds(TOURNAMENT, 1.0) == 205


def test_is_in_order_and_numbers_each_kind(tournament: list[Arrival]) -> None:
    assert all(early.at <= late.at for early, late in pairwise(tournament))
    assert tournament[0].at >= 0
    assert tournament[-1].at < 205
    for kind in TOURNAMENT:
        numbers = [arrival.number for arrival in tournament if arrival.kind is kind]
        assert numbers == list(range(len(numbers)))


@pytest.mark.parametrize(
    ("kind", "start", "end", "expected"),
    [
        (Kind.CREATE, 0, 10, 20),
        (Kind.CREATE, 10, 25, 75),
        (Kind.CREATE, 25, 26, 7.65),  # 6/s rising by 3.3/s each second
        (Kind.CREATE, 115, 116, 304.65),
        (Kind.CREATE, 204, 205, 598.35),
        (Kind.SEARCH, 0, 25, 50),
        (Kind.SEARCH, 204, 205, 99.7),
        (Kind.NO_TERM, 0, 25, 50),
        (Kind.NO_TERM, 204, 205, 39.9),
    ],
)
def test_rates(tournament: list[Arrival], kind: Kind, start: float, end: float, expected: float) -> None:
    assert within(tournament, kind, start, end) == pytest.approx(expected, abs=1)


def test_speed_divides_every_moment(tournament: list[Arrival]) -> None:
    fast = arrivals(TOURNAMENT, 1, 10.0)
    assert [(arrival.kind, arrival.number) for arrival in fast] == [(a.kind, a.number) for a in tournament]
    assert [arrival.at * 10 for arrival in fast] == pytest.approx([arrival.at for arrival in tournament])
    assert seconds(TOURNAMENT, 10.0) == 20.5


def test_the_seed_moves_each_kind_by_less_than_one_arrival(tournament: list[Arrival]) -> None:
    assert arrivals(TOURNAMENT, 1, 1.0) == tournament
    other = arrivals(TOURNAMENT, 2, 1.0)
    assert other != tournament
    assert len(other) == len(tournament)


@given(
    seconds=st.floats(0.1, 100),
    first=st.just(0.0) | st.floats(0.01, 500),
    last=st.just(0.0) | st.floats(0.01, 500),
    share=st.floats(0.001, 1),
)
def test_a_moment_inverts_the_integrated_rate(
    seconds: float, first: float, last: float, share: float
) -> None:
    phase = Phase(seconds, first, last)
    reached = phase.total * share
    assume(reached)
    at = phase.moment(reached)
    assert 0 <= at <= seconds * (1 + 1e-6)
    assert first * at + (last - first) / seconds * at**2 / 2 == pytest.approx(reached, rel=1e-6, abs=1e-6)
