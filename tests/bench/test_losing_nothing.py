"""What a run has measured it keeps, whatever happens to it afterwards; and it tells nobody where it ran."""

import io
import os
import pty
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import orjson
import pytest

from goseventh.bench import reporting, whole
from goseventh.bench.anonymous import anonymous
from goseventh.bench.closed_load.asking import Create
from goseventh.bench.interruptible import interruptible
from goseventh.bench.parts.shape import Cost, Found, Observation, Part, Rig
from goseventh.bench.plan import QUICK, Plan, plan
from goseventh.bench.results import Results, load
from tests.serving import ROOT, until

from .children import running
from .stub import Stub


def part(name: str, *then: BaseException) -> Part:
    """One that measures something at once, and then fails so."""

    def run(rig: Rig) -> Iterator[Found]:
        assert list(rig.place.iterdir()) == []
        (rig.place / "left").mkdir()
        yield Observation("creations", "1/s", "higher", {"strategy": "group-commit"}, 5.0)
        for error in then:
            raise error

    return Part(name, "something", lambda _: Cost(1.0, 1), run)


def planned(out: Path) -> Plan:
    return plan(QUICK, out=str(out))


def run(out: Path, *parts: Part) -> tuple[int, str, str]:
    said, told = io.StringIO(), io.StringIO()
    return whole.run(planned(out), parts, said, told), said.getvalue(), told.getvalue()


def test_a_part_that_fails_as_nobody_foresaw_costs_only_itself(tmp_path: Path) -> None:
    failing = subprocess.CalledProcessError(1, ["cc"])
    code, out, err = run(tmp_path, part("first"), part("storage", failing), part("memory", KeyError("pss")))
    assert code == whole.FAILED
    results = load(tmp_path / reporting.REPORT)
    assert results.complete is True
    assert [figure.part for figure in results.figures] == ["first", "storage", "memory"]
    assert [results.about[one] for one in results.warnings if "nobody foresaw" in one] == [
        "storage",
        "memory",
    ]
    assert "Traceback" in err
    assert "KeyError: 'pss'" in out


@pytest.mark.parametrize(
    ("module", "why"),
    [
        ("processes.cpu_speed", "who watches the CPUs' speed ended with -9"),
        ("closed_load.generator", "the load generator ended with -9"),
    ],
)
def test_who_dies_while_it_loads_ends_one_part_and_no_other(tmp_path: Path, module: str, why: str) -> None:
    def load_it(rig: Rig, *, killing: bool) -> Iterator[Found]:
        generators = rig.generators(1)
        if killing:
            until(lambda: len(running(module)) == 1)
            [pid] = running(module)
            os.kill(pid, signal.SIGKILL)
        with Stub() as stub:
            loaded = generators.saturate(stub.url, [Create(5_000, 1)], seconds=0.3)
        yield Observation("creations", "1/s", "higher", {}, loaded.per_second)

    parts = [
        Part(name, "something", lambda _: Cost(1.0, 1), partial(load_it, killing=name == "http"))
        for name in ("http", "memory")
    ]
    code, out, err = run(tmp_path, *parts)
    assert (code, err) == (whole.FAILED, "")
    assert f"Warning: http ended early: {why}.\n" in out
    [figure] = load(tmp_path / reporting.REPORT).figures
    assert (figure.part, figure.values[0] > 0) == ("memory", True)
    assert running(module) == []


@pytest.mark.parametrize("name", [reporting.REPORT, reporting.PAGE, "report.md"])
def test_a_directory_in_a_report_s_place_is_seen_at_the_start(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    code, out, err = run(tmp_path, part("http"))
    assert (code, out) == (whole.REFUSED, "")
    assert err == f"goseventh bench: --out {tmp_path}: {name} is a directory\n"


def test_a_report_that_can_t_be_kept_is_told_in_one_line(tmp_path: Path) -> None:
    def remove(rig: Rig) -> Iterator[Found]:
        yield Observation("creations", "1/s", "higher", {}, 5.0)
        shutil.rmtree(tmp_path / "out")

    removing = Part("http", "something", lambda _: Cost(1.0, 1), remove)
    code, _, err = run(tmp_path / "out", removing, part("memory"))
    lost = "No such file or directory; what was measured since is lost"
    assert (code, err) == (whole.FAILED, f"goseventh bench: --out {tmp_path / 'out'}: {lost}\n")


def test_the_report_is_there_after_every_part(tmp_path: Path) -> None:
    seen: list[Results] = []

    def looking(rig: Rig) -> Iterator[Found]:
        seen.append(load(rig.plan.out / reporting.REPORT))
        yield from ()

    run(tmp_path, part("first"), Part("second", "something", lambda _: Cost(1.0, 1), looking))
    assert [(one.complete, [figure.part for figure in one.figures]) for one in seen] == [(False, ["first"])]


def test_interrupted_again_while_it_draws_it_has_the_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drawing(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("goseventh.bench.showing.markdown.markdown", drawing)
    code, _, err = run(tmp_path, part("first", KeyboardInterrupt()), part("never"))
    assert code == whole.INTERRUPTED
    assert err == (
        f"goseventh bench: interrupted; what was measured is in {tmp_path / reporting.REPORT}, not drawn\n"
    )
    results = load(tmp_path / reporting.REPORT)
    assert (results.complete, [figure.part for figure in results.figures]) == (False, ["first"])


def test_what_was_drawn_of_another_run_goes(tmp_path: Path) -> None:
    (tmp_path / reporting.PAGE).write_text("of another")
    whole_results = reporting.Report(tmp_path)
    run(tmp_path, part("first"))
    whole_results.keep(load(tmp_path / reporting.REPORT))
    left = {entry.name for entry in tmp_path.iterdir()}
    assert left == {reporting.REPORT, reporting.PREVIOUS}


def test_a_complete_report_is_set_aside_and_said_so(tmp_path: Path) -> None:
    _, out, _ = run(tmp_path, part("first"))
    assert reporting.PREVIOUS not in out
    _, out, _ = run(tmp_path, part("second", KeyboardInterrupt()))
    assert f"The report that is there is kept as {reporting.PREVIOUS}." in out
    assert load(tmp_path / reporting.PREVIOUS).figures[0].part == "first"
    assert load(tmp_path / reporting.REPORT).figures[0].part == "second"
    run(tmp_path, part("third"))  # what was cut off takes no complete one's place
    assert load(tmp_path / reporting.PREVIOUS).figures[0].part == "first"


def test_a_run_without_figures_leaves_the_report_that_is_there(tmp_path: Path) -> None:
    def leaves(rig: Rig) -> Iterator[Found]:
        yield from ()
        raise KeyboardInterrupt

    run(tmp_path, part("first"))
    before = {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()}
    code, out, _ = run(tmp_path, Part("second", "something", lambda _: Cost(1.0, 1), leaves))
    assert code == whole.INTERRUPTED
    assert out.endswith("Interrupted; nothing was measured\n")
    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == before


def test_a_report_names_no_directory_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "report"
    monkeypatch.setattr(sys, "argv", ["goseventh", "bench", "all", f"--out={out}"])
    error = OSError(f"{out}/data-x/store: {ROOT}/storage/store.py, {sys.prefix}/lib and {Path.home()}/.x")
    code, _, _ = run(out, part("first", error))
    assert code == whole.FAILED
    for entry in out.iterdir():
        text = entry.read_text()
        for place in (str(tmp_path), str(ROOT), sys.prefix):
            assert place not in text, entry.name
    assert load(out / reporting.REPORT).command == "goseventh bench all --out=DIR"


def test_what_is_no_directory_of_this_machine_stays() -> None:
    assert anonymous("bench all --out benchmarks, 3/4 of /srv/tmp", Path("benchmarks")) == (
        "bench all --out benchmarks, 3/4 of /srv/tmp"
    )


def test_who_ignores_that_the_terminal_hangs_up_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible():
            os.kill(os.getpid(), signal.SIGHUP)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # as it is where nobody runs the tests under nohup
        with pytest.raises(KeyboardInterrupt), interruptible():  # noqa: PT012  # the signal comes within
            os.kill(os.getpid(), signal.SIGHUP)
            signal.pause()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_lost_terminal_leaves_no_process_and_keeps_what_was_measured(tmp_path: Path) -> None:
    out = tmp_path / "report"
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        flags = ["--quick", "--seconds=0.3", "--strategies=group-commit", f"--out={out}"]
        os.execv(sys.executable, [sys.executable, "-m", "goseventh", "bench", "storage", *flags])
    shown = b""
    while b"creations/s" not in shown:
        shown += os.read(terminal, 4096)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == whole.INTERRUPTED
    kept = orjson.loads((out / reporting.REPORT).read_bytes())
    assert kept["complete"] is False
    assert kept["figures"]
    assert {entry.name for entry in out.iterdir()} >= {reporting.REPORT, reporting.PAGE}
    assert not any(entry.is_dir() for entry in out.iterdir())
    until(lambda: not [one for one in Path("/proc").glob("[0-9]*/cmdline") if str(out) in _read(one)])


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode(errors="replace")
    except OSError:
        return ""
