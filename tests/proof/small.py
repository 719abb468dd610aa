"""The server with small sizes, so that a short run meets what a long one does.

`python -m tests.proof.small serve …`, and `… examine` for what examines its stores: the log of write-behind
goes on in a new file, and segments merge and are sealed, every few creations. With PROOF_SIZES=real the sizes
are the real ones.
"""

import os
import sys

from goseventh.bench.crash import check
from goseventh.cli import main
from index import term_log
from storage import pending_log

PROGRAM = "tests.proof.small"
EXAMINER = [PROGRAM, "examine"]


def shrink() -> None:
    """In every process that opens the store, the one that examines it as well."""
    if os.environ.get("PROOF_SIZES") != "real":
        pending_log.FILE_LIMIT = 2000
        term_log.TIERS = (2, 4, 8, 32)


if __name__ == "__main__":
    shrink()
    if sys.argv[1:] == EXAMINER[1:]:
        sys.exit(check.main())
    sys.exit(main())
