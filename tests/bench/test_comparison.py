"""That `bench compare` catches a build that is slower, and is quiet on two runs of the same one."""

import io
import random
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import pytest
from scipy import stats

from goseventh.bench.comparing import compare
from goseventh.bench.comparing.comparison import FALSE_DISCOVERIES, Compared
from goseventh.bench.comparing.comparison import compare as compared
from goseventh.bench.results import CPU_SPEED, Better, Figure, Percentiles, Results, Where, dump
from tests import lacking

from .sample import machine, results

SEEDS = range(5)
MANY = 40
CALLED = ("better", "worse")
PLANTED = "group-commit"


def figure(*values: float, better: Better = "higher") -> Figure:
    return Figure("http", "creations", "1/s", better, {}, values)


def pairs(seed: int, slower: float = 1.0) -> list[tuple[Figure, Figure]]:
    """All figures of two runs, each with noise of its own: repeats deviate by 1 to 4 %."""
    old = results(seed=2 * seed, noise=0.02)
    new = results(seed=2 * seed + 1, noise=0.02, slower=slower)
    return list(zip(old.figures, new.figures, strict=True))


def was_planted(one: Compared) -> bool:
    """Creations of one strategy over HTTP, a second and how long they took."""
    return (one.old.part, one.old.where.get("strategy")) == ("http", PLANTED) and one.old.name.startswith(
        "creations"
    )


def verdict(old: Figure, new: Figure, threshold: float = 0.1) -> Compared:
    [one] = compared([(old, new)], threshold)
    return one


@pytest.mark.parametrize("seed", SEEDS)
def test_two_runs_of_one_build_are_quiet(seed: int) -> None:
    assert {one.verdict for one in compared(pairs(seed), 0.1)}.isdisjoint({"worse", "better"})


@pytest.mark.parametrize("seed", SEEDS)
def test_a_fifth_less_speed_is_caught(seed: int) -> None:
    planted = [one for one in compared(pairs(seed, slower=0.8), 0.1) if was_planted(one)]
    assert len(planted) == 24  # a rate and two latencies; one and two workers; four times a flush takes
    assert {one.verdict for one in planted} == {"worse"}


def test_of_what_is_called_different_no_more_is_noise_than_promised() -> None:
    """Without a threshold, which would hide noise. The promise is of a mean: one run may well miss it."""
    shares = []
    for seed in range(MANY):
        called = [one for one in compared(pairs(seed, slower=0.8), 0.0) if one.verdict in CALLED]
        shares.append(sum(not was_planted(one) for one in called) / len(called))
    assert max(shares) > 0  # else it would be stricter than it says, and miss what it could tell
    assert mean(shares) <= FALSE_DISCOVERIES + 2 * stdev(shares) / MANY**0.5


def test_one_slower_figure_among_many_is_caught() -> None:
    for seed in SEEDS:
        found = pairs(seed)
        old, new = found[10]
        factor = 0.8 if old.better == "higher" else 1.25
        found[10] = (old, replace(new, values=[one * factor for one in new.values]))
        assert [one.old for one in compared(found, 0.1) if one.verdict == "worse"] == [old]


def test_the_direction_is_the_figure_s_own() -> None:
    fast, slow = (200.0, 202.0, 198.0), (100.0, 101.0, 99.0)
    assert verdict(figure(*fast), figure(*slow)).verdict == "worse"
    assert verdict(figure(*slow), figure(*fast)).verdict == "better"
    assert verdict(figure(*fast, better="lower"), figure(*slow, better="lower")).verdict == "better"
    assert verdict(figure(*fast, better="neither"), figure(*slow, better="neither")).verdict == "different"


def test_a_significant_change_below_the_threshold_is_not_worse() -> None:
    old, new = figure(100.0, 100.1, 99.9), figure(95.0, 95.1, 94.9)
    assert verdict(old, new).verdict == "a little worse"
    assert verdict(old, new, threshold=0.04).verdict == "worse"


def at_speeds(
    seed: int, *, cpus: float = 1.0, build: float = 1.0, owes: float = 1.0, repeats: int = 10
) -> list[Figure]:
    """Creations, and the CPUs' speed each time, to whose power `owes` they come."""
    luck = random.Random(seed)
    speeds = [cpus * luck.lognormvariate(0, 0.15) for _ in range(repeats)]
    rates = [4_000 * build * speed**owes * luck.lognormvariate(0, 0.03) for speed in speeds]
    where: Where = {"strategy": PLANTED}
    return [
        Figure("http", "creations", "1/s", "higher", where, rates),
        Figure("http", f"creations, {CPU_SPEED}", "1/s", "neither", where, speeds),
    ]


def judged(old: list[Figure], new: list[Figure]) -> Compared:
    """What is said of creations."""
    return judged_all(old, new, 0.1)[0]


def judged_all(old: list[Figure], new: list[Figure], threshold: float) -> list[Compared]:
    return compared(list(zip(old, new, strict=True)), threshold)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("owes", [1.0, 0.0])
def test_cpus_of_another_speed_make_no_other_build(seed: int, owes: float) -> None:
    """Whether it is bound by them, or by the disk."""
    old = at_speeds(2 * seed, owes=owes)
    same = judged(old, at_speeds(2 * seed + 1, owes=owes, cpus=0.7))
    assert same.at_speed is not None
    assert (same.verdict in CALLED, abs(same.at_speed) < 0.1) == (False, True)
    if owes:
        assert same.change is not None
        assert same.change < -0.15
    for cpus in (0.8, 1.0, 1.25):
        assert judged(old, at_speeds(2 * seed + 1, owes=owes, cpus=cpus, build=0.8)).verdict == "worse"


def test_a_speed_counts_for_what_was_measured_with_it_alone() -> None:
    old, new = at_speeds(1), at_speeds(2, cpus=0.7)
    others: list[dict[str, Any]] = [{"name": "reads"}, {"part": "storage"}, {"where": {"strategy": "other"}}]
    for other in others:
        found = judged(*([replace(rates, **other), speeds] for rates, speeds in (old, new)))
        assert (found.at_speed, found.verdict) == (None, "worse")
    latency = [[replace(rates, name="creations, p50"), speeds] for rates, speeds in (old, new)]
    assert judged(*latency).at_speed is not None
    assert judged(at_speeds(1)[:1], at_speeds(2, cpus=0.7)[:1]).verdict == "worse"


def test_of_what_is_called_different_on_cpus_of_another_speed_no_more_is_noise_than_promised() -> None:
    """Without a threshold: of figures that owe something to the CPUs or nothing, and did not change."""
    shares = []
    for seed in range(MANY):
        old, new = [], []
        for number in range(20):
            where: Where = {"number": number}
            owes, build = float(number % 2), 0.8 if number < 10 else 1.0
            before = at_speeds(100_000 + 100 * seed + number, owes=owes)
            after = at_speeds(200_000 + 100 * seed + number, owes=owes, cpus=0.8, build=build)
            old += [replace(one, where=where) for one in before]
            new += [replace(one, where=where) for one in after]
        called = [one for one in judged_all(old, new, 0.0) if one.verdict in CALLED]
        planted = [one for one in called if one.old in old[:20]]
        assert len(planted) == 10
        shares.append(1 - len(planted) / len(called))
    assert mean(shares) <= FALSE_DISCOVERIES + 2 * stdev(shares) / MANY**0.5


def test_few_repeats_do_not_show_what_a_figure_owes_to_the_cpus() -> None:
    assert judged(at_speeds(1, repeats=3), at_speeds(2, repeats=3)).at_speed is None
    assert judged(at_speeds(1, repeats=4), at_speeds(2, repeats=4)).at_speed is not None
    [rates, speeds], new = at_speeds(1), at_speeds(2)
    assert judged([replace(rates, values=rates.values[1:]), speeds], new).at_speed is None


@pytest.mark.parametrize("repeats", [4, 10])
def test_what_a_figure_owes_is_by_least_squares_drawn_towards_none(repeats: int) -> None:
    """Ridge regression is ordinary least squares with one more row: a slope of 0, as sure as the noise is."""
    old, new = at_speeds(3, repeats=repeats), at_speeds(4, cpus=0.8, build=0.95, repeats=repeats)
    (rates, speeds) = (np.log([before.values, after.values]) for before, after in zip(old, new, strict=True))
    noise = np.sqrt((rates.var(axis=1) * repeats).sum() / (2 * repeats - 2))
    rows = np.zeros((2 * repeats + 1, 3))
    rows[:repeats, 0] = rows[repeats:-1, 1] = 1
    rows[:-1, 2] = speeds.flatten()
    rows[-1, 2] = noise
    fit, *_ = np.linalg.lstsq(rows, np.append(rates.flatten(), 0.0))
    left = rates.flatten() - rows[:-1] @ fit
    freedom = 2 * repeats - 3
    apart = np.array([-1.0, 1.0, 0.0])
    error = np.sqrt(left @ left / freedom * (apart @ np.linalg.inv(rows.T @ rows) @ apart))
    found = judged(old, new)
    assert found.at_speed == pytest.approx(np.expm1(apart @ fit))
    assert found.p == pytest.approx(2 * stats.t.sf(abs(apart @ fit) / error, freedom))


@pytest.mark.parametrize("seed", SEEDS)
def test_speeds_that_hardly_vary_within_a_run_show_no_slope(seed: int) -> None:
    """By themselves they fit any: noise of 3 % over speeds within 0.1 % makes slopes of tens."""
    luck = random.Random(seed)
    old, new = (
        [rates, replace(speeds, values=[cpus * luck.lognormvariate(0, 0.001) for _ in speeds.values])]
        for cpus, (rates, speeds) in ((1.0, at_speeds(2 * seed)), (0.8, at_speeds(2 * seed + 1)))
    )
    found = judged(old, new)
    assert found.at_speed is not None
    assert found.change is not None
    assert abs(found.at_speed - found.change) < 0.05


def test_speeds_of_which_nothing_can_be_told_adjust_nothing() -> None:
    still = figure(*[100.0] * 5), figure(*[50.0] * 5)
    speed = replace(still[0], name=f"creations, {CPU_SPEED}", better="neither")
    for values in ([9.0] * 5, [0.0, 8.0, 9.0, 9.0, 10.0]):
        found = compared([still, (speed, replace(speed, values=values))], 0.1)[0]
        assert (found.at_speed, found.verdict) == (None, "worse")


def test_what_can_be_no_worse_is_corrected_for_apart() -> None:
    """Many CPUs that were surely slower, say, make no figure of ours likelier to be."""
    ours = figure(100.0, 101.0, 99.0), figure(98.0, 99.5, 96.0)
    tells = [
        (replace(one, better="neither"), replace(one, better="neither", values=[1.0, 1.1, 0.9]))
        for one in ours
    ]
    assert compared([ours, *tells * 5], 0.1)[0].p == compared([ours], 0.1)[0].p


def test_one_repeat_tells_nothing() -> None:
    assert verdict(figure(100.0), figure(50.0)).verdict == "can't tell"


@pytest.mark.parametrize("change", [1.1, 1.0999, 0.9, 0.9001])
@pytest.mark.parametrize("better", ["higher", "lower"])
def test_the_threshold_is_of_the_change_that_is_shown(better: Better, change: float) -> None:
    old = figure(100.0, 100.001, 99.999, better=better)
    one = verdict(old, replace(old, values=[change * value for value in old.values]), threshold=0.09999)
    assert one.verdict in (
        ("better", "worse") if change in (1.1, 0.9) else ("a little better", "a little worse")
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("promised and lost", "worse"),
        ("people missing", "worse"),
        ("reads, wrong answers", "worse"),
        ("wrong or missing answers", "worse"),
        ("acknowledged and lost", "can't tell"),  # within the promise: whom a crash hits is luck
    ],
)
def test_what_must_never_be_is_worse_at_once(name: str, told: str) -> None:
    none = replace(figure(0.0, better="lower"), name=name)
    assert verdict(none, replace(none, values=[27.0])).verdict == told
    assert verdict(none, none).verdict == "within noise"
    some = replace(none, values=[3.0, 1.0])
    more = verdict(some, replace(none, values=[1.0, 4.0]))
    assert (more.verdict == "worse") == (told == "worse")
    assert verdict(some, replace(none, values=[1.0, 2.0])).verdict != "worse"


def run(
    tmp_path: Path, old: Results, new: Results, threshold: float = 0.1, **options: Any
) -> tuple[int, str, str]:
    files = tmp_path / "A.json", tmp_path / "B.json"
    for file, one in zip(files, (old, new), strict=True):
        file.write_bytes(dump(one))
    out, err = io.StringIO(), io.StringIO()
    return compare.run(*files, threshold, out, err, **options), out.getvalue(), err.getvalue()


def test_the_exit_code_says_whether_anything_got_worse(tmp_path: Path) -> None:
    old = results(seed=1)
    assert run(tmp_path, old, results(seed=2))[0] == 0
    code, out, _ = run(tmp_path, old, results(seed=2, slower=0.8))
    assert code == 1
    assert any("worse" in line and PLANTED in line for line in out.splitlines())
    assert run(tmp_path, old, results(seed=2, slower=0.8), threshold=0.5)[0] == 0


def test_figures_that_are_gone_are_listed_and_no_success(tmp_path: Path) -> None:
    old = results()
    new = replace(old, figures=old.figures[1:])
    code, out, err = run(tmp_path, old, new)
    assert code == 2
    assert "1 figures are missing in the second" in err
    assert f"only in {tmp_path / 'A.json'}: {old.figures[0].part}: {old.figures[0].name}" in out
    assert run(tmp_path, old, new, allow_missing=True)[0] == 0
    assert run(tmp_path, new, old)[0] == 0  # who measures more than before misses nothing


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"complete": False}, "the second was cut off"),
        ({"settings": {"seconds": "9"}}, "the second did other work: seconds None and 9"),
    ],
)
def test_a_run_that_did_less_is_no_success(tmp_path: Path, change: dict[str, Any], why: str) -> None:
    code, _, err = run(tmp_path, results(), replace(results(), **change))
    assert code == 2
    assert why in err
    assert run(tmp_path, results(), replace(results(), **change), allow_missing=True)[0] == 0


def test_what_can_be_no_worse_does_not_say_whether_repeats_are_enough(tmp_path: Path) -> None:
    exact = [
        Figure("http", f"{name}, generator", "percent", "neither", {}, [20.0, 20.1, 19.9, 20.05, 19.95])
        for name in ("creations", "reads", "mix")
    ]
    noisy = [figure(100.0, 160.0, 90.0, 140.0, 70.0), figure(110.0, 80.0, 150.0, 90.0, 130.0)]
    before, after = (replace(results(), figures=[one, *exact]) for one in noisy)
    assert run(tmp_path, before, after)[0] == 2


def test_a_threshold_beyond_all_there_is_is_no_advice(tmp_path: Path) -> None:
    wild = [figure(1.0, 200.0, 9.0, 1_400.0, 70.0), figure(110.0, 8.0, 1_500.0, 90.0, 1.0)]
    before, after = (replace(results(), figures=[one]) for one in wild)
    code, _, err = run(tmp_path, before, after)
    assert (code, "with --repeat\n" in err, "raise" in err) == (2, True, False)


def test_every_reason_is_told(tmp_path: Path) -> None:
    old, new = (replace(results(seed=seed, repeats=1), settings={"seconds": str(seed)}) for seed in (1, 2))
    code, _, err = run(tmp_path, old, replace(new, figures=new.figures[1:], complete=False))
    reasons = [line for line in err.splitlines() if "nothing is worse, but that means little" in line]
    assert (code, len(reasons)) == (2, 4)


def test_why_nothing_is_told_at_one_cpu_speed(tmp_path: Path) -> None:
    old, new = at_speeds(1), at_speeds(2)
    for before, after, why in (
        (old[:1], new, "the first recorded none."),
        (old[:1], new[:1], "the first and the second recorded none."),
        (at_speeds(1, repeats=3), new, "that takes 4 repeats or more, each with its speed."),
        (old, new, None),
    ):
        _, out, _ = run(tmp_path, replace(results(), figures=before), replace(results(), figures=after))
        told = [line for line in out.splitlines() if line.startswith("At one CPU speed nothing is told: ")]
        assert told == ([f"At one CPU speed nothing is told: {why}"] if why else [])


def test_settings_that_change_no_figure_are_no_doubt(tmp_path: Path) -> None:
    old = replace(results(), settings={"seconds": "1", "repeat": "5", "loads": "creations", "seed": "1"})
    other = replace(results(seed=2), settings={"seconds": "1", "repeat": "9", "seed": "1"})
    assert "differ" not in run(tmp_path, old, other)[2]
    other = replace(other, settings={**other.settings, "seconds": "3", "seed": "2"})
    assert (
        "the runs differ in seed, seconds 1 and 3: their figures may differ" in run(tmp_path, old, other)[2]
    )


def test_both_changes_are_shown_and_other_cpus_are_a_warning(tmp_path: Path) -> None:
    before, after = (replace(results(), figures=one) for one in (at_speeds(1), at_speeds(2, cpus=0.7)))
    code, out, err = run(tmp_path, before, after)
    head, _, row, *_ = [line.split("|") for line in out.splitlines() if line.startswith("|")]
    assert [cell.strip() for cell in head[5:8]] == ["change", "at one CPU speed", "verdict"]
    change, at_speed = (float(cell.strip(" %")) for cell in row[5:7])
    assert change < -20 < -10 < at_speed < 10
    assert (code, "the CPUs were not as fast both times" in err) == (0, True)
    # Of an earlier version: nothing of ours is missing, and nothing is known that could excuse it.
    assert run(tmp_path, before, replace(after, figures=after.figures[:1]))[0] == 1


def test_where_nothing_could_be_tested_is_no_success(tmp_path: Path) -> None:
    once = results(repeats=1), results(seed=2, repeats=1)
    code, _, err = run(tmp_path, *once, allow_missing=True)
    assert code == 2
    assert "no figure of ours could be tested" in err


def test_few_noisy_repeats_are_no_success(tmp_path: Path) -> None:
    noisy = results(noise=0.2, repeats=2), results(seed=2, noise=0.2, repeats=2)
    code, _, err = run(tmp_path, *noisy)
    assert code == 2
    assert "half of the figures that seem the same may have changed by" in err
    assert "and --fail-over is 10%; measure more often, with --repeat, or raise that" in err
    assert run(tmp_path, results(), results(seed=2))[0] == 0


def test_another_machine_is_a_warning(tmp_path: Path) -> None:
    old = results()
    other = machine("another CPU")
    disk = replace(other.disk, flush_ms=Percentiles(p50=0.9, p99=4.0))
    new = replace(old, machine=replace(other, packages={"sanic": "26.1.0", "lmdb": "3.0.0"}, disk=disk))
    code, _, err = run(tmp_path, old, new)
    assert code == 0
    assert "the runs differ in CPU, sanic:" in err
    assert "a flush took 0.20 ms and 0.90 ms" in err


def test_the_promises_of_those_who_are_compared_are_said(tmp_path: Path) -> None:
    _, out, _ = run(tmp_path, results(), results(seed=2))
    for promise in results().strategies:
        assert f"{promise.name}: a 201 means {promise.created_means}; kill -9 loses" in out


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        ({"strategy": "foo"}, "--strategy foo: of ours were measured group-commit, per-request, "),
        ({"workers": 0}, "--workers 0: of ours were measured 1, 2"),
    ],
)
def test_what_was_not_measured_stands_beside_nobody(tmp_path: Path, flags: dict[str, Any], why: str) -> None:
    theirs = external(Figure("http", "creations", "1/s", "higher", {}, [90.0, 91.0, 89.0]))
    code, out, err = run(tmp_path, theirs, results(), **flags)
    assert (code, out, err.count("\n"), why in err) == (compare.UNUSABLE, "", 1, True), err
    code, out, err = run(tmp_path, results(), results(), **flags)
    assert (code, out, err.count("\n")) == (compare.UNUSABLE, "", 1)
    assert "choose what stands beside somebody else's server" in err


def external(*figures: Figure) -> Results:
    """Somebody else's server, measured as it is."""
    return replace(results(), target="http://127.0.0.1:1", strategies=[], series=[], figures=figures)


def test_a_server_of_others_stands_beside_one_of_our_strategies(tmp_path: Path) -> None:
    theirs = external(
        Figure("http", "creations", "1/s", "higher", {}, [90.0, 91.0, 89.0]),
        Figure("tournament", "latency, p99", "ms", "lower", {"request": "create"}, [30.0]),
        Figure("http", "ceiling", "1/s", "neither", {"server": "fixed", "workers": 1}, [1.0]),
    )
    code, out, _ = run(tmp_path, theirs, results(), strategy="per-request", workers=1)
    assert code == 0
    assert "of ours beside the other server: strategy per-request, workers 1, flush_ms 0" in out
    rows = [line for line in out.splitlines() if line.startswith("| http") or line.startswith("| tour")]
    assert len(rows) == 1  # the tournament of this run was not measured with that strategy
    assert "better" in rows[0]
    code, out, _ = run(tmp_path, theirs, results())
    assert [line.split(":")[0] for line in out.splitlines() if line.startswith(("| http", "| tour"))] == [
        "| http",
        "| tournament",
    ]
    assert "workers 2" in out
    assert run(tmp_path, results(), theirs)[0] == 1  # and a slower one of others is worse than ours


def test_of_a_server_of_others_no_disk_is_known_that_could_differ(tmp_path: Path) -> None:
    theirs = external(Figure("http", "creations", "1/s", "higher", {}, [90.0, 91.0, 89.0]))
    disk = replace(theirs.machine.disk, directory_kind="xfs", flush_ms=Percentiles(p50=9.0, p99=40.0))
    other = replace(theirs, machine=replace(theirs.machine, disk=disk, packages={}))
    for pair in ((results(), other), (theirs, other)):
        assert all(word not in run(tmp_path, *pair)[2] for word in ("disk", "lmdb"))


def test_a_slower_yardstick_is_a_warning_and_no_failure(tmp_path: Path) -> None:
    old = results()
    slower = [
        replace(one, values=[value / 2 for value in one.values]) if "server" in one.where else one
        for one in old.figures
    ]
    code, _, err = run(tmp_path, old, replace(old, figures=slower))
    assert code == 0
    assert "the machine was not as fast both times" in err


@pytest.mark.parametrize(
    ("control", "told"), [(0.7, "a little worse"), (0.85, "a little worse"), (0.95, "worse"), (1.3, "worse")]
)
def test_bare_sanic_excuses_what_befell_it_as_well(control: float, told: str) -> None:
    """Ours is a sixth slower: as it was, or by more than bare Sanic, or against it."""
    beside = replace(figure(100.0, 100.1, 99.9), where={"server": "bare", "workers": 1})
    ours = replace(beside, where={"strategy": PLANTED, "workers": 1})
    other = replace(ours, where={**ours.where, "workers": 2})
    pairs = [
        (one, replace(one, values=[value * factor for value in (99.9, 100.0, 100.1)]))
        for one, factor in ((beside, control), (ours, 0.83), (other, 0.83))
    ]
    assert [one.verdict for one in compared(pairs, 0.1)][1:] == [told, "worse"]


def test_bare_sanic_excuses_what_got_better_and_only_in_the_same_load() -> None:
    ours = replace(figure(100.0, 100.1, 99.9), where={"strategy": PLANTED, "workers": 1})
    beside = replace(ours, where={"server": "bare", "workers": 1})
    for control, factor, told in (
        (beside, 1.2, "a little better"),
        (replace(beside, name="reads"), 0.8, "worse"),
        (replace(beside, part="storage"), 0.8, "worse"),
    ):
        pairs = [
            (one, replace(one, values=[value * factor for value in (99.9, 100.0, 100.1)]))
            for one in (control, ours)
        ]
        assert compared(pairs, 0.1)[1].verdict == told


def test_a_control_of_which_nothing_is_left_excuses_nothing() -> None:
    beside = replace(figure(1e15, 1.1e15, 0.9e15), where={"server": "bare", "workers": 1})
    ours = replace(figure(100.0, 100.1, 99.9), where={"strategy": PLANTED, "workers": 1})
    pairs = [
        (beside, replace(beside, values=[1e-12, 1.1e-12, 0.9e-12])),
        (ours, replace(ours, values=[50.0, 50.1, 49.9])),
    ]
    assert [one.verdict for one in compared(pairs, 0.1)] == ["worse", "worse"]


def test_wrong_answers_are_excused_by_nobody() -> None:
    beside = Figure("http", "reads, wrong answers", "count", "lower", {"server": "bare", "workers": 1}, [0.0])
    ours = replace(beside, where={"strategy": PLANTED, "workers": 1})
    for before, after in (
        ([0.0], [3.0]),
        ([1.0], [2.0]),
        ([1.0, 2.0], [3.0, 4.0]),
        ([0.0, 1.0, 0.0], [0.0, 4.0, 0.0]),
    ):
        pairs = [(replace(one, values=before), replace(one, values=after)) for one in (beside, ours)]
        assert [one.verdict for one in compared(pairs, 0.1)] == ["worse", "worse"]


def test_without_the_extra_it_says_what_to_install() -> None:
    ran = lacking.run("scipy", "bench", "compare", "A.json", "B.json")
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (compare.UNUSABLE, "", 1)
    assert "scipy is not installed: pip install 'goseventh[bench]'" in ran.stderr


def test_what_is_no_report_can_t_be_compared(tmp_path: Path) -> None:
    (tmp_path / "B.json").write_text("{}")
    out, err = io.StringIO(), io.StringIO()
    assert compare.run(tmp_path / "B.json", tmp_path / "B.json", 0.1, out, err) == 2
    assert (out.getvalue(), err.getvalue().count("\n")) == ("", 1)
