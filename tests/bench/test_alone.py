"""The tournament and the search alone, with a report of what they measured."""

import os
import signal
from pathlib import Path

import pytest

from goseventh.bench import alone, reporting
from goseventh.bench.open_load import tournament
from goseventh.bench.open_load.tournament import PASSED, REFUSED
from goseventh.bench.results import OWN, load
from goseventh.bench.searching.options import Options

from .runs import PLAN, SEED
from .stub import Answer, Stub
from .test_search import Leaver


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
    options = Options(sizes=[500], corpora=["tournament"], contenders=["sqlite"], seconds=0.01)
    assert alone.run_search(options, tmp_path / "report") == PASSED
    results = load(tmp_path / "report" / reporting.REPORT)
    assert results.target == OWN
    assert {"search, median", "index"} <= {figure.name for figure in results.figures}
    assert (tmp_path / "report" / reporting.PAGE).exists()


def test_a_directory_that_can_t_be_written_is_refused_before_anything_is_sent() -> None:
    assert alone.run_tournament(tournament.Options(url="http://127.0.0.1:1"), Path("/proc/x")) == REFUSED


# A socket that was about to connect in that moment is closed by the collector.
@pytest.mark.filterwarnings("ignore:.*<socket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_tournament_reports_what_was_answered(tmp_path: Path, number: signal.Signals) -> None:
    class Stops(Stub):
        """Has the benchmark interrupted after some answers."""

        def keep(self, person: dict[str, object]) -> Answer:
            if len(self.people) == 40:
                os.kill(os.getpid(), number)
            return super().keep(person)

    with Stops() as stub:
        options = tournament.Options(url=stub.url, seed=SEED, speed=2.0, plan=PLAN, timeout=20.0)
        assert alone.run_tournament(options, tmp_path) == alone.INTERRUPTED
    results = load(tmp_path / reporting.REPORT)
    assert results.complete is False
    wrong = [one.values for one in results.figures if one.name == "wrong or missing answers"]
    assert wrong == [[0.0]] * len(wrong)
    assert "latency, p99" in {figure.name for figure in results.figures}
    assert (tmp_path / reporting.PAGE).exists()


def test_an_interrupted_search_reports_the_stores_that_were_measured(tmp_path: Path) -> None:
    options = Options(
        sizes=[500, 600],
        corpora=["tournament"],
        contenders=["leaver"],
        known={"leaver": Leaver},
        seconds=0.01,
    )
    assert alone.run_search(options, tmp_path) == alone.INTERRUPTED
    results = load(tmp_path / reporting.REPORT)
    assert results.complete is False
    assert {one.where.get("people") for one in results.figures} == {500}
