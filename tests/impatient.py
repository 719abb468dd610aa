"""The server, with less patience for answers that nobody reads: `python -m tests.impatient serve …`."""

import sys
from typing import Any

from goseventh import protocol
from goseventh.cli import main

PROGRAM = "tests.impatient"

if __name__ == "__main__":
    options: Any = vars(protocol)
    options["_UNREAD_SECONDS"] = 2.0
    sys.exit(main())
