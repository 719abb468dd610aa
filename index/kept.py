"""What a process keeps open of a log and its tables, for all its searches."""

from index.tables import Kept as Tables
from index.term_log import Sealed


class Kept:
    """Views of what LMDB does not move any more; they last as long as the environment is open.

    For one log. Any thread may use it.
    """

    def __init__(self) -> None:
        self.segments = Sealed()
        self.signatures: Tables = {}
        self.outlines: Tables = {}
