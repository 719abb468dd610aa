"""The command line, run to its end."""

import subprocess

from tests import forked
from tests.serving import ROOT


def goseventh(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return forked.run(arguments, variables, ROOT, 60)
