"""That a benchmark goes on, and keeps its exit code, when whoever reads what it prints leaves."""

import os
import subprocess
import sys
from pathlib import Path

from goseventh.bench.results import dump
from tests.serving import ROOT

from .sample import results


def test_a_comparison_that_nobody_reads_keeps_its_exit_code(tmp_path: Path) -> None:
    for name, slower in (("A", 1.0), ("B", 0.5)):
        (tmp_path / name).write_bytes(dump(results(slower=slower)))
    reading, writing = os.pipe()
    os.close(reading)  # before a word is written, as of a reader who left long ago
    command = [
        sys.executable,
        "-m",
        "goseventh",
        "bench",
        "compare",
        str(tmp_path / "A"),
        str(tmp_path / "B"),
    ]
    ran = subprocess.run(command, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert ran.returncode == 1, ran.stderr
    assert "Traceback" not in ran.stderr
    assert "Broken" not in ran.stderr
