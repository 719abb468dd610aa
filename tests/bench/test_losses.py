"""That what a report says of people lost is of the worst crash, and only of crashes that could lose."""

from argparse import ArgumentTypeError
from dataclasses import replace
from random import Random

import pytest

from goseventh.bench.commands import _share
from goseventh.bench.crash import cuts
from goseventh.bench.crash.examiner import Loss, Tally
from goseventh.bench.crash.recorder import Event, Kind
from goseventh.bench.parts import crash
from goseventh.bench.results import Figure, Results
from goseventh.bench.showing import loss
from goseventh.bench.showing.markdown import markdown
from goseventh.bench.showing.view import view

from .sample import results

SELDOM = [0.0, 0.0, 0.0, 731.0]
LOST = "acknowledged and lost"


@pytest.fixture
def unlucky() -> Results:
    """A run in which one crash of several loses people."""

    def planted(one: Figure) -> Figure:
        return (
            replace(one, values=SELDOM) if one.name == LOST and "write-behind" in one.where.values() else one
        )

    return replace(results(), figures=[planted(one) for one in results().figures])


def test_the_chart_shows_the_worst_crash(unlucky: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[float] = []

    def render(layers: list[dict[str, object]], *_: object) -> str:
        for one in layers:
            if str(one["name"]).startswith("who"):
                drawn.extend(row["y"] for row in one["data"]["values"])  # type: ignore[index]
        return ""

    monkeypatch.setattr(loss, "render", render)
    loss.svg(unlucky, "kill -9", view(unlucky).marks, "")
    assert max(drawn) >= 731
    assert drawn.count(731.0) == 1


def test_the_table_and_the_sentence_show_it_too(unlucky: Results) -> None:
    [section] = [one for one in view(unlucky).sections if one.part == "crash"]
    [shown] = [one for one in section.shown if one.group.name == LOST]
    cells = [row.cells[0].middle.en for row in shown.table.rows if row.entity == "write-behind"]
    assert cells == ["731", "731"]
    assert shown.table.summed_up.en == "the most of any crash"
    only = replace(unlucky, series=[], figures=[one for one in unlucky.figures if one.values == SELDOM])
    assert "731" in view(only).sections[0].shown[0].sentence.en
    assert "731 (0–731)" in markdown(only, "en")


def test_the_power_is_cut_where_somebody_can_be_lost() -> None:
    def event(kind: Kind) -> Event:
        return Event(kind, 1, 1, 0.0, 0, 0, b"")

    events = [*[event(Kind.FLUSH)] * 50, event(Kind.ACKNOWLEDGED), *[event(Kind.WRITE)] * 8]
    assert cuts.choose(events, 20, Random(1), losable=True) == list(range(51, 59))
    everywhere = cuts.choose(events, 20, Random(1))
    assert min(everywhere) < 51
    assert max(everywhere) == 59


def test_that_nobody_was_lost_says_of_how_many_crashes() -> None:
    said = [line.en for line in view(results()).verdicts if line.en.startswith("No crash")]
    assert said == ["No crash lost anybody acknowledged by group-commit, per-request, of 10 each."]


def test_of_crashes_that_lost_nobody_the_one_counts_that_could_lose_most() -> None:
    tally = Tally(each=[Loss(0, 0, 0), Loss(400, 0, 0), Loss(20, 0, 0)])
    assert crash._worst(tally) == "up to 0 of 400 at once"


@pytest.mark.parametrize("written", ["200%", "-1", "much"])
def test_a_share_that_makes_no_sense_is_told_so(written: str) -> None:
    with pytest.raises(ArgumentTypeError, match="must be from 0 to less than 100%"):
        _share(written)


def test_a_part_of_the_tournament_is_not_called_the_whole() -> None:
    quick = replace(results(), settings={"depth": "quick"})
    for run, words in ((quick, "a part of the tournament"), (results(), "the tournament")):
        said = [line.en for line in view(run).verdicts if "stored" in line.en]
        assert said
        assert all(line.startswith(f"Through {words}, ") for line in said)
