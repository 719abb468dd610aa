"""What makes figures worth less is said, and what does not is not; the ceiling is of each kind of load."""

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from goseventh.bench.closed_load.asking import Create, Mix, Read, Search
from goseventh.bench.closed_load.saturation import USERS, Saturated
from goseventh.bench.parts import beside, caveats
from goseventh.bench.parts.cells import BARE, cells
from goseventh.bench.parts.http import people_ready
from goseventh.bench.plan import QUICK, plan
from goseventh.bench.processes import cores
from goseventh.bench.processes.fixed import answer
from goseventh.bench.results import Figure
from goseventh.bench.rig import OwnRig
from goseventh.bench.showing.summary import verdicts
from goseventh.bench.wire import Site
from goseventh.settings import SettingError

from .sample import results

RIGHT = Saturated(
    answered=500,
    per_second=1_000.0,
    latencies=500,
    p50=1.0,
    p99=2.0,
    acknowledged=600,
    refused=0,
    wrong=Counter(),
    ran_out=False,
    share=0.3,
    created=[],
    cpu_speed=1e4,
)


def rig(cpus: int = 2, held_to: float | None = None) -> OwnRig:
    return OwnRig(plan(QUICK, cpus=held_to), Path(), range(cpus), (), lambda line, seconds: None)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (RIGHT, None),
        (replace(RIGHT, per_second=1_700.0), "near the load generator's own ceiling of 2,000/s"),
        (replace(RIGHT, share=0.9), "took more than 80% of its CPU"),
        (replace(RIGHT, ran_out=True), "nothing left to ask for"),
    ],
)
def test_what_may_be_the_generator_s_own_is_doubted(found: Saturated, said: str | None) -> None:
    stand = rig()
    caveats.doubted(stand, "group-commit", found, 2_000.0)
    assert len(stand.warnings) == (said is not None)
    assert said is None or said in stand.warnings[0]
    assert not stand.failed


def test_wrong_answers_of_any_load_fail_the_run() -> None:
    stand = rig()
    assert caveats.checked(stand, "memory", RIGHT) is RIGHT
    assert not stand.failed
    caveats.checked(stand, "memory", replace(RIGHT, wrong=Counter({"status 500, not 200": 3})))
    assert stand.failed
    assert stand.warnings == ["memory: 3 wrong answers: status 500, not 200."]


def test_where_server_and_load_run_is_said_where_it_matters() -> None:
    for stand, workers, said in (
        (rig(2), 1, None),
        (rig(2), 2, "shares CPUs with the server"),
        (rig(2, 1.5), 1, "bound to 1 of the CPUs"),
        (rig(4, 1.5), 1, None),
    ):
        caveats.placed(stand, workers)
        assert [said in one for one in stand.warnings if said] == [True] * (said is not None)
        assert bool(stand.warnings) == (said is not None)
    assert cores.place(range(2), 1).server == (0,)


def test_fixed_answers_are_right_for_every_kind_of_load() -> None:
    site = Site("http://127.0.0.1:1")
    for asking in (Create(300, 1), Read([("/pessoas/x", 0)]), Search(1), Mix(Create(100, 1))):
        for ask, _ in zip(asking.begin(site), range(300), strict=False):
            head, _, body = answer(ask.request).partition(b"\r\n\r\n")
            assert int(head[9:12]) == ask.status
            assert len(body) >= max(ask.least, ask.read_back)


def test_who_owes_is_loaded_until_it_has_to_pay() -> None:
    made = plan(QUICK)
    seconds = {cell.server: cell.seconds(made) for cell in cells(made)}
    assert seconds["memory-queue"] >= 2  # it writes once a second
    assert seconds["group-commit"] == seconds[BARE] == made.seconds


def test_people_are_made_ready_for_what_a_server_may_reach() -> None:
    most_there_can_be = people_ready(20_000.0, 0.0, 1.0)
    assert most_there_can_be > 20_000
    assert people_ready(20_000.0, math.inf, 1.0) == most_there_can_be == people_ready(20_000.0, 15_000.0, 1.0)
    again = people_ready(20_000.0, 4_000.0, 1.0)
    assert 2 * 4_000 < again < most_there_can_be  # the CPUs may be twice as fast
    assert people_ready(20_000.0, 0.1, 0.05) > 4 * USERS


def test_a_server_of_somebody_else_has_no_strategy_to_choose() -> None:
    url = "http://127.0.0.1:1"
    for flags in ({"strategies": "per-request"}, {"flush_ms": "5"}):
        with pytest.raises(SettingError, match="choose nothing of a server"):
            plan(QUICK, url=url, **flags)  # type: ignore[arg-type]
    assert "strategies" not in plan(QUICK, url=url).settings()
    assert [cell.workers for cell in cells(plan(QUICK, url=url, workers="8"))] == [8]


@pytest.mark.parametrize(("ours", "verdict"), [(8_100.0, "81 % of wrk's rate"), (7_900.0, "missed")])
def test_the_load_generator_is_judged_beside_wrk(ours: float, verdict: str) -> None:
    rates = {beside.OURS: ours, beside.THEIRS: 10_000.0}
    figures = [Figure("http", name, "1/s", "neither", {}, [rate]) for name, rate in rates.items()]
    run = replace(results(), figures=figures, settings={"seconds": "3"})
    assert verdict in verdicts(run)[-1].en
    assert verdicts(replace(run, settings={"seconds": "0.8"})) == []  # too short to tell
