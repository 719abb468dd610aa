"""The tournament and the search alone, with a report of what they measured."""

from pathlib import Path

from goseventh.bench import alone, reporting, search, tournament
from goseventh.bench.results import OWN, load
from goseventh.bench.tournament import PASSED, REFUSED

from .runs import PLAN, SEED
from .stub import Stub


def test_the_tournament_alone_writes_a_report_of_somebody_s_server(tmp_path: Path) -> None:
    with Stub() as stub:
        options = tournament.Options(url=stub.url, seed=SEED, speed=2.0, plan=PLAN, timeout=20.0)
        assert alone.run_tournament(options, tmp_path / "report") == PASSED
    results = load(tmp_path / "report" / reporting.REPORT)
    assert (results.target, results.strategies, results.complete) == (stub.url, [], True)
    assert any("The server was not started here" in one for one in results.warnings)
    assert results.settings["seed"] == str(SEED)
    assert {figure.part for figure in results.figures} == {"tournament"}
    assert {"people stored", "latency, p99"} <= {figure.name for figure in results.figures}
    assert "Throughput" in (tmp_path / "report" / reporting.TEXTS["en"]).read_text()


def test_the_search_alone_writes_a_report(tmp_path: Path) -> None:
    options = search.Options(sizes=[500], corpora=["tournament"], contenders=["sqlite"], seconds=0.01)
    assert alone.run_search(options, tmp_path / "report") == PASSED
    results = load(tmp_path / "report" / reporting.REPORT)
    assert results.target == OWN
    assert {"search, median", "index"} <= {figure.name for figure in results.figures}
    assert (tmp_path / "report" / reporting.PAGE).exists()


def test_a_directory_that_can_t_be_written_is_refused_before_anything_is_sent() -> None:
    assert alone.run_tournament(tournament.Options(url="http://127.0.0.1:1"), Path("/proc/x")) == REFUSED
