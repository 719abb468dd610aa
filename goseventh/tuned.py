"""How a worker has the interpreter; what is compared with one has it the same way."""

import gc
import sys

from goseventh import cpus


def tune() -> None:
    """For a forked process that is about to serve."""
    sys.setswitchinterval(cpus.SWITCH_SECONDS)
    # What the supervisor imported is never collected: neither scanned again nor copied by being scanned.
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
