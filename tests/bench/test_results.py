"""What is written as report.json is read back as it was, and nothing else is."""

from dataclasses import replace
from pathlib import Path

import pytest

from goseventh.bench.results import (
    OWN,
    Disk,
    Figure,
    Limits,
    Machine,
    NotAReport,
    Percentiles,
    Promise,
    Results,
    Series,
    Where,
    dump,
    load,
)

WHERE: Where = {"strategy": "group-commit", "flush_ms": 5, "workers": 2}
RESULTS = Results(
    version="0.1.0",
    commit=None,
    command="goseventh bench http",
    started="2026-01-31T12:00:00+00:00",
    seconds=12.5,
    complete=True,
    machine=Machine(
        cpu="a CPU",
        cpus=2,
        memory_bytes=1 << 34,
        kernel="Linux 6",
        python="3.11.7",
        packages={"sanic": "25.12.0"},
        disk=Disk(directory_kind="ext4", in_memory=False, flush_ms=Percentiles(p50=0.2, p99=4.0)),
        limits=Limits(1.5, 3 << 30, "cgroup v1"),
    ),
    settings={"seconds": "3"},
    target=OWN,
    warnings=["A spread is too wide to conclude."],
    strategies=[Promise("group-commit", "on disk", "nothing", "nothing", "always")],
    figures=[Figure("http", "creations", "1/s", "higher", WHERE, [4000.0, 4100.5])],
    series=[Series("tournament", "throughput", "1/s", "seconds", WHERE, [0.0, 1.0], [5.0, 600.0])],
)


def test_what_is_dumped_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(dump(RESULTS))
    assert load(file) == RESULTS


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (b"", "is no report of a benchmark"),
        (b"[]", "is no report of a benchmark"),
        (b'{"runs": []}', "is no report of a benchmark"),
        (dump(RESULTS).replace(b'"schema": 1', b'"schema": 2'), "of schema 2; this version reads schema 1"),
        (dump(RESULTS).replace(b'"part": "http",', b""), "is no whole report"),
        (dump(RESULTS).replace(b'"1/s"', b'"furlongs"'), "is no whole report"),
        (dump(RESULTS).replace(b'"machine"', b'"engine"'), "is no whole report"),
        (dump(RESULTS).replace(b"4100.5", b"null"), r"is no whole report: .*null.*figures\[0\]\.values\[1\]"),
        (dump(RESULTS).replace(b"4100.5", b'"4100.5"'), "is no whole report: .*str"),
        (dump(RESULTS).replace(b"4100.5", b"1e999"), "is no whole report: .*out of range"),
        (dump(RESULTS).replace(b"4100.5", b"NaN"), "is no report of a benchmark: .*invalid"),
        (dump(RESULTS).replace(b"4100.5", b"1e-16"), "http, .* has 1e-16, which nobody measures"),
        (dump(RESULTS).replace(b"4100.5", b"-1e300"), r"http, .* has -1e\+300, which nobody measures"),
        (dump(RESULTS).replace(b"a CPU", b"\xff"), "is no whole report: .*utf-8"),
        (dump(replace(RESULTS, figures=[replace(RESULTS.figures[0], values=[])])), "creations has no values"),
        (b'{"schema": 1, "x": ' + b"[" * 100_000, "is no report of a benchmark: .*recursion"),
        (dump(RESULTS)[:-5], "is no report of a benchmark: .*truncated"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, written: bytes, why: str) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(written)
    with pytest.raises(NotAReport, match=why):
        load(file)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotAReport, match="can't be read: No such file"):
        load(tmp_path / "report.json")
