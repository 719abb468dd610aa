"""The command line where a package is not installed."""

import subprocess
import sys

from tests.serving import ROOT


def run(package: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """As `goseventh argument…`, to whom nobody finds the package."""
    code = (
        "import importlib.util, sys\n"
        "found = importlib.util.find_spec\n"
        f"importlib.util.find_spec = lambda name: None if name == {package!r} else found(name)\n"
        "from goseventh.cli import main\n"
        "sys.exit(main())"
    )
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
