"""What parts tell becomes figures, and what makes figures doubtful becomes a warning of their part."""

from goseventh.bench.collected import Collected
from goseventh.bench.parts.shape import Observation
from goseventh.bench.record import promises
from goseventh.bench.results import Figure
from goseventh.bench.spread import is_wide, spread


def test_values_become_figures_and_a_wide_spread_a_warning() -> None:
    collected = Collected()
    for value in (100.0, 140.0, 90.0):
        collected.add("http", Observation("creations", "1/s", "higher", {"workers": 1}, value))
        collected.add("http", Observation("creations", "1/s", "higher", {"workers": 2}, 100.0))
    assert [list(figure.values) for figure in collected.figures()] == [[100.0, 140.0, 90.0], [100.0] * 3]
    assert spread([100.0, 140.0, 90.0]) == 0.5
    [warned] = collected.warnings()
    assert warned.part == "http"
    assert warned.sentence.startswith("http: 1 of 2 figures spread over more than 30% of their median")


def test_durations_spread_too_far_as_well_and_counts_never() -> None:
    assert is_wide([1.0, 2.0, 1.0], "ms")
    assert is_wide([1e6, 2e6, 1e6], "bytes")
    assert not is_wide([1.0, 1.2, 1.1], "ms")
    assert not is_wide([0.0, 20.0, 5.0], "people")


def test_a_strategy_that_nobody_asked_for_but_a_part_measured_has_its_promise() -> None:
    figure = Figure("memory", "file", "bytes", "lower", {"strategy": "group-commit"}, [1.0])
    assert [row.name for row in promises(["per-request"], [figure])] == ["group-commit", "per-request"]
