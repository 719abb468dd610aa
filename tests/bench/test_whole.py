"""Runs of the parts of `goseventh bench all` in small: real servers and real signals."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from goseventh.bench import reporting
from goseventh.bench.parts.table import TABLE
from goseventh.bench.plan import QUICK, plan
from goseventh.bench.results import OWN, Results, load
from goseventh.bench.whole import INTERRUPTED, PASSED, REFUSED
from storage.strategies import table
from tests.serving import ROOT, Server, until

# So long that the slowest strategy creates somebody on a busy machine.
SHORT = ("--seconds=0.6", "--repeat=1", "--workers=1")
TINY = (*SHORT, "--emulate-flush-ms=0")


def bench(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "goseventh", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def names(results: Results, part: str) -> set[str]:
    return {figure.name for figure in results.figures if figure.part == part}


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Results]:
    """What a run of one part said and measured."""
    out = tmp_path_factory.mktemp("http") / "report"
    ran = bench("http", *TINY, f"--out={out}")
    assert (ran.returncode, ran.stderr) == (PASSED, ""), ran.stdout + ran.stderr
    assert [entry.name for entry in out.iterdir() if entry.is_dir()] == []  # no store is left
    return ran.stdout, load(out / "report.json")


def test_every_cell_of_the_plan_has_its_figures(http: tuple[str, Results]) -> None:
    _, results = http
    assert (results.complete, results.target) == (True, OWN)
    created = [figure for figure in results.figures if figure.name == "creations"]
    assert [dict(figure.where) for figure in created] == [
        {"server": "bare", "workers": 1},
        *({"strategy": row.name, "flush_ms": 0, "workers": 1} for row in table.TABLE),
    ]
    assert all(len(figure.values) == 1 and figure.values[0] > 0 for figure in created)
    for name in ("reads", "searches", "mix", "creations, answers", "creations, CPU speed", "ceiling, mix"):
        assert name in names(results, "http")
    wrong = [figure for figure in results.figures if figure.name.endswith("wrong answers")]
    assert wrong
    assert all(figure.values == [0] for figure in wrong)


def test_no_strategy_is_without_its_promise(http: tuple[str, Results]) -> None:
    assert [promise.name for promise in http[1].strategies] == [row.name for row in table.TABLE]
    assert all(promise.power_cut_loses for promise in http[1].strategies)


def test_it_says_first_what_it_does_and_then_a_line_a_step(http: tuple[str, Results]) -> None:
    lines = http[0].splitlines()
    assert lines[0].startswith("Measures servers and stores of its own: about ")
    assert "Disks wear: be prepared." in lines[2]
    assert sum("creations/s" in line for line in lines) == 1 + len(table.TABLE)


def test_only_the_loads_that_are_named_are_measured(tmp_path: Path) -> None:
    slow = ("--strategies=per-request", "--emulate-flush-ms=20")
    ran = bench("http", *SHORT, *slow, "--loads=reads, creations", "--repeat=2", f"--out={tmp_path}")
    assert (ran.returncode, ran.stderr) == (PASSED, ""), ran.stdout + ran.stderr
    results = load(tmp_path / "report.json")
    assert results.settings["loads"] == "creations,reads"
    rates = [figure for figure in results.figures if figure.better == "higher"]
    assert [(figure.name, len(figure.values)) for figure in rates] == [("creations", 2), ("reads", 2)] * 2
    assert all(value > 0 for figure in rates for value in figure.values)
    ceilings = [name for name in names(results, "http") if name.startswith("ceiling")]
    assert sorted(ceilings) == ["ceiling, creations", "ceiling, reads"]
    # Fewer people are made ready the second time: enough for a slow server, too.
    assert not [sentence for sentence in results.warnings if "nothing left to ask for" in sentence]


@pytest.mark.parametrize("part", ["storage", "memory"])
def test_each_part_alone_writes_the_same_report(tmp_path: Path, part: str) -> None:
    flags = ("--quick", "--strategies=group-commit", *TINY, f"--out={tmp_path}")
    ran = bench(part, *flags)
    assert (ran.returncode, ran.stderr) == (PASSED, ""), ran.stdout + ran.stderr
    results = load(tmp_path / "report.json")
    assert {figure.part for figure in results.figures} == {part}
    assert all(value > 0 for figure in results.figures for value in figure.values)
    if part == "storage":
        assert names(results, part) == {"creations", "creations, CPU speed"}


def test_every_start_is_on_a_store_of_the_size_that_is_told(tmp_path: Path) -> None:
    flags = ("--quick", "--strategies=group-commit,per-request", *TINY, "--repeat=2", f"--out={tmp_path}")
    ran = bench("startup", *flags)
    assert (ran.returncode, ran.stderr) == (PASSED, ""), ran.stdout + ran.stderr
    left = [one for one in load(tmp_path / "report.json").figures if one.name == "people after kill -9"]
    assert [len(one.values) for one in left] == [2, 2]
    # Who was created before the kill is there; what the other starts created is not, or the run had failed.
    assert all(10_000 < value <= 18_000 for one in left for value in one.values)


@pytest.mark.debian("cc")
def test_a_crash_shows_what_an_unsafe_strategy_loses(tmp_path: Path) -> None:
    ran = bench("crash", "--quick", "--strategies=memory-queue", f"--out={tmp_path}")
    assert (ran.returncode, ran.stderr) == (PASSED, ""), ran.stdout + ran.stderr
    found = {
        (figure.name, figure.where["crash"]): figure.values
        for figure in load(tmp_path / "report.json").figures
    }
    assert found["acknowledged and lost", "kill -9"][0] > 0
    assert found["promised and lost", "kill -9"] == [0]
    assert {way for name, way in found if name == "creations at the crash"} == {way for _, way in found}
    # Each cut by itself: of the 800 who were recorded none is counted twice.
    lost, cut = found["acknowledged and lost", "power cut, nothing kept"], "power cut, nothing kept"
    assert found["crashes", cut] == [len(lost)] == [3]
    assert 0 < max(lost) <= max(found["acknowledged", cut]) <= 800


@pytest.mark.debian("wrk")
def test_the_load_generator_is_compared_with_wrk_on_one_server(tmp_path: Path) -> None:
    flags = ("--strategies=group-commit", "--beside-wrk", *TINY, f"--out={tmp_path}")
    ran = bench("http", *flags)
    assert (ran.returncode, ran.stderr) == (PASSED, ""), ran.stdout + ran.stderr
    rates = {
        figure.name: figure.values[0]
        for figure in load(tmp_path / "report.json").figures
        if figure.name.startswith("reads by ")
    }
    assert set(rates) == {"reads by the load generator", "reads by wrk"}
    assert all(rate > 0 for rate in rates.values())
    assert " is its aim: " not in (tmp_path / "report.md").read_text()  # so short a load tells nothing


def test_a_server_of_somebody_else_is_read_only_from_outside(server: Server, tmp_path: Path) -> None:
    server.create(apelido="already here")
    ran = bench("http", *SHORT, f"--url=http://127.0.0.1:{server.port}", f"--out={tmp_path}")
    assert (ran.returncode, ran.stderr) == (PASSED, ""), ran.stdout + ran.stderr
    results = load(tmp_path / "report.json")
    assert results.target == f"http://127.0.0.1:{server.port}"
    assert results.strategies == []
    assert {"creations", "reads", "searches", "mix"} <= names(results, "http")
    assert "creations, CPU speed" not in names(results, "http")  # of which CPUs?


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_leaves_no_process_and_keeps_what_it_measured(
    tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "goseventh", "bench", "http", "--quick", "--seconds=0.3"]
    with subprocess.Popen(
        [*command, f"--out={tmp_path}"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        until(lambda: "creations/s" in running.stdout.readline())  # type: ignore[union-attr]
        until(lambda: mentioning(tmp_path))
        running.send_signal(number)
        rest = running.stdout.read()
        code = running.wait(20)
    until(lambda: not mentioning(tmp_path))
    if number is signal.SIGKILL:
        return  # nothing can be kept, but nothing is left running either
    assert code == INTERRUPTED
    assert f"Interrupted; what was measured is in {tmp_path}" in rest
    results = load(tmp_path / "report.json")
    assert results.complete is False
    assert "creations" in names(results, "http")
    assert {entry.name for entry in tmp_path.iterdir()} == {
        reporting.REPORT,
        *reporting.TEXTS.values(),
        reporting.PAGE,
    }


def mentioning(directory: Path) -> list[str]:
    """Command lines of processes that serve from somewhere in a directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if f"--data-dir={directory}" in line:
            found.append(line)
    return found


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("http", "--strategies=fast"), "--strategies must be one of group-commit"),
        (("http", "--workers=0"), "--workers must be a whole number from 1 to 64, not '0'"),
        (("http", "--emulate-flush-ms=1,x"), "--emulate-flush-ms must be a whole number"),
        (("http", "--loads=creations,walks"), "--loads must be some of creations, reads, searches, mix, not"),
        (("http", "--loads=reads"), "--loads reads: creations must be among them"),
        (("http", "--seconds=0"), "--seconds 0: must be from 0.05"),
        (("http", "--repeat=0"), "--repeat 0: must be from 1"),
        (("http", "--cpus=0"), "--cpus 0: must be from 0.1"),
        (("http", "--cpus=nan"), "--cpus nan: must be from 0.1"),
        (("http", "--cpus=inf"), "--cpus inf: must be from 0.1"),
        (("http", "--out="), "--out: must name a directory"),
        (("http", "--memory=3"), "--memory must be 128MiB or more"),
        (("http", "--url=nonsense"), "nonsense is no URL like http://"),
        (("http", "--url=http://127.0.0.1:1"), "no server at http://127.0.0.1:1"),
        (("http", "--url=http://127.0.0.1:1", "--cpus=1"), "can't be held by --cpus"),
        (("http", "--url=http://127.0.0.1:1", "--strategies=per-request"), "choose nothing of a server"),
        (("crash", "--url=http://127.0.0.1:1"), "crash measures only servers that are started here"),
        (("http", "--out=/proc/nowhere"), "--out /proc/nowhere: No such file or directory"),
        (("http", "--quick", "--full"), "not allowed with argument"),
        (("storage", "--loads=creations"), "unrecognized arguments: --loads"),
        (("crash", "--beside-wrk"), "unrecognized arguments: --beside-wrk"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_line(arguments: tuple[str, ...], line: str) -> None:
    ran = bench(*arguments)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (REFUSED, "", 1), ran.stderr
    assert line in ran.stderr


def test_every_part_says_what_it_costs() -> None:
    for part in TABLE.values():
        cost = part.cost(plan(QUICK))
        assert cost.seconds > 0
        assert cost.written > 0
