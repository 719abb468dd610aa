"""What a process keeps open of a log and its tables, for all its searches."""

from index.tables import Kept as Tables
from index.term_log import Segments


class Kept:
    """Views of what LMDB does not move: while the environment is open, and a snapshot has what they are of.

    For one log. Any thread may use it.
    """

    def __init__(self) -> None:
        self.segments = Segments()
        self.signatures: Tables = {}
        self.outlines: Tables = {}
        self.blocks = self.skipped = 0
        """Those that exact searches met signatures of, and those of them that they passed over: counted by
        whichever thread searches, and so but nearly exact."""
