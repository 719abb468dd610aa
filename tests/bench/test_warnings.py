"""Every warning that a run can give is told in Portuguese too, and beside the figures that it is about."""

import ast
from collections.abc import Iterator
from dataclasses import replace

from goseventh.bench import announcement
from goseventh.bench.collected import Collected
from goseventh.bench.open_load import figures
from goseventh.bench.parts.shape import Observation
from goseventh.bench.plan import QUICK, plan
from goseventh.bench.results import Disk, Limits, Percentiles, Results
from goseventh.bench.showing.markdown import markdown
from goseventh.bench.showing.page import page
from goseventh.bench.showing.warnings import both
from tests.serving import ROOT

from .sample import machine
from .sample import results as sample

NEAR = "bare, reads: near the load generator's own ceiling of 12,541/s."
PT = "perto do teto do próprio gerador de carga"


def given() -> Iterator[str]:
    """What parts warn of, "7" for what they fill in, and what is said of the whole run."""
    for file in (ROOT / "goseventh" / "bench").glob("**/*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name("rig"), attr="warn" | "fail"),
                    args=[ast.Constant() | ast.JoinedStr() as sentence],
                ):
                    yield written(sentence)
    forgetful = Disk("tmpfs", in_memory=True, flush_ms=Percentiles(0.0, 0.0))
    poor = replace(machine(), disk=forgetful, limits=Limits(why_not="no group"))
    yield from announcement.warnings(plan(QUICK), poor)
    collected = Collected()
    for value in (1.0, 3.0):
        collected.add("http", Observation("creations", "1/s", "higher", {}, value))
    yield from (one.sentence for one in collected.warnings())


def written(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join("7" if isinstance(one, ast.FormattedValue) else written(one) for one in node.values)
    assert isinstance(node, ast.Constant)
    return str(node.value)


def test_each_has_its_portuguese() -> None:
    sentences = list(given())
    assert len(sentences) > 12
    assert [one for one in sentences if both(one).pt == one] == []


def test_what_a_part_passes_on_has_it_too() -> None:
    late = figures.generator([], [(0.0, 0.0), (1.0, 1.0)], 0.9)["warnings"]
    assert isinstance(late, list)
    assert late
    for one in late:
        assert both(f"tournament: {one}.").pt == f"torneio: {both(one).pt}."
        assert both(one).pt != one


def test_what_nobody_knows_stays_as_it_is() -> None:
    assert both("Another version wrote this.").pt == "Another version wrote this."


def warned() -> Results:
    return replace(sample(), warnings=["About all.", NEAR], about={NEAR: "http"})


def test_a_part_s_warning_stands_at_its_figures_and_the_run_s_on_top() -> None:
    top, *sections = markdown(warned(), "en").split("\n## ")
    assert "About all." in top
    assert NEAR not in top
    assert [section.partition("\n")[0] for section in sections if NEAR in section] == ["Over HTTP"]
    assert "said where they stand: Over HTTP." in top
    assert PT in markdown(warned(), "pt")
    assert PT in page(warned())


def test_a_part_that_measured_nothing_is_there_with_its_warning() -> None:
    only = replace(warned(), figures=[], series=[])
    assert NEAR in markdown(only, "en").split("## Over HTTP")[1]


def test_a_wide_figure_is_marked() -> None:
    whole = sample()
    first = replace(whole.figures[0], values=[1.0, 2.0, 4.0], where={"strategy": "per-request"}, name="odd")
    text = markdown(replace(whole, figures=[first]), "en")
    assert "(1–4, **wide**)" in text
    assert "measured 3 times" in text
    assert 'class="wide"' in page(replace(whole, figures=[first]))
    assert "**wide**" not in markdown(replace(whole, figures=[replace(first, values=[2.0, 2.1])]), "en")


def test_its_numbers_are_portuguese_too() -> None:
    late = "requests left late (p99 5.11 ms): latencies are the generator's, too"
    assert "p99 5,11 ms" in both(late).pt
