"""A program that is no module of ours, started as if it were.

`python -m goseventh.bench.processes.executed PROGRAM ARGUMENT…` becomes PROGRAM. Started as a
module, what the benchmark ties to it, such as its CPUs, holds for the program.
"""

import os
import sys

if __name__ == "__main__":
    os.execvp(sys.argv[1], sys.argv[1:])
