"""`python -m tests.bench.planted [TIMES [DIRECTORY]]`: whether `bench compare` finds a slower server.

Real servers, measured by `goseventh bench http`. Each time the same build is measured twice, and once with a
delay that this test puts into the creation of people: of a quarter of the time that a creation takes here.
The first two must be told alike, the third worse. Takes about half an hour for five times, on an idle
machine: on a busy one the repeats of one run differ more than the builds. The reports stay in DIRECTORY.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from goseventh.bench.interruptible import interruptible
from goseventh.bench.results import load
from tests.serving import ROOT

TIMES = 5
SLOWER = 0.25
"""So much longer a creation takes: a fifth fewer a second."""
CELL = (
    *("--strategies=group-commit", "--workers=1", "--emulate-flush-ms=0", "--loads=creations"),
    *("--repeat=30", "--seconds=1"),
)
MICROSECONDS = "PLANTED_MICROSECONDS"
PLANT = f"""
import os, sys, time
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import PathFinder

DELAY = int(os.environ["{MICROSECONDS}"]) / 1e6

class Planting(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "goseventh.person":
            return None
        spec = PathFinder.find_spec(name, path)
        execute = spec.loader.exec_module
        def planted(module):
            execute(module)
            prepare = module.prepare
            def slower(*arguments):
                until = time.perf_counter() + DELAY
                while time.perf_counter() < until:
                    pass
                return prepare(*arguments)
            module.prepare = slower
        spec.loader.exec_module = planted
        return spec

sys.meta_path.insert(0, Planting())
"""
"""A `sitecustomize` that every Python process runs at its start: whoever validates a person spins so long."""


def measure(out: Path, variables: dict[str, str] | None = None) -> Path:
    """One run; its report.json."""
    command = [sys.executable, "-m", "goseventh", "bench", "http", *CELL, f"--out={out}"]
    subprocess.run(
        command, cwd=ROOT, env={**os.environ, **(variables or {})}, stdout=subprocess.DEVNULL, check=True
    )
    return out / "report.json"


def creations(report: Path) -> float:
    """A second, of our server."""
    [figure] = [
        one
        for one in load(report).figures
        if one.name == "creations" and one.where.get("strategy") == "group-commit"
    ]
    return median(figure.values)


def verdict(old: Path, new: Path) -> tuple[int, str]:
    """The exit code of `bench compare`, and what it says of creations."""
    command = [sys.executable, "-m", "goseventh", "bench", "compare", str(old), str(new)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    rows = [line for line in ran.stdout.splitlines() if "http: creations (strategy" in line]
    return ran.returncode, " ".join(rows[0].split("|")[-4:-1]) if rows else ran.stderr


def main() -> int:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else TIMES
    caught = quiet = 0
    with interruptible(), tempfile.TemporaryDirectory() as made:
        place = Path(sys.argv[2] if len(sys.argv) > 2 else made)
        place.mkdir(parents=True, exist_ok=True)
        (place / "sitecustomize.py").write_text(PLANT)
        before = measure(place / "first")
        for number in range(times):
            same = measure(place / f"same-{number}")
            delay = round(1e6 * SLOWER / creations(same))
            planted = {"PYTHONPATH": str(place), MICROSECONDS: str(delay)}
            slower = measure(place / f"slower-{number}", planted)
            for name, old, new, wanted in (
                ("the same", before, same, 0),
                (f"{delay} us slower", same, slower, 1),
            ):
                code, told = verdict(old, new)
                print(f"{number + 1}: {name}: exit code {code}, creations{told}", flush=True)
                quiet += wanted == 0 == code
                caught += wanted == 1 == code
            before = same
    print(f"quiet {quiet} of {times}, caught {caught} of {times}")
    return 0 if quiet == caught == times else 1


if __name__ == "__main__":
    raise SystemExit(main())
