"""The answers that a worker holds because their clients do not read them; together they have a limit.

An answer to a search can have 3 MB, and each connection can ask for one: without a limit a few hundred
clients that read nothing would take all memory.
"""

from typing import Final, Protocol

MOST: Final = 64 << 20
"""Bytes that one worker holds."""


class Connection(Protocol):
    """What is seen of a connection here."""

    def abort(self) -> None:
        """Ends it at once, whatever it has not read."""


class Unread:
    """Whose answers are held, the longest first, and how much each has: its answer and what it sent ahead.

    Nothing is received from a connection meanwhile, and no further request of it begun, so that it never has
    more.
    """

    def __init__(self, most: int = MOST) -> None:
        """`most`: bytes."""
        self._most = most
        self._held: dict[Connection, int] = {}
        self._total = 0
        self.leaving = set[Connection]()
        """Those that were ended, and whose answers the loop has yet to drop; none is to be made before."""

    def hold(self, connection: Connection, size: int) -> None:
        """Counts `size` bytes for it; where that is too much in all, those held longest end.

        Never the newest: one answer must get through whatever its size.
        """
        self.release(connection)
        self._held[connection] = size
        self._total += size
        while self._total > self._most and len(self._held) > 1:
            longest = next(iter(self._held))
            self.release(longest)
            self.leaving.add(longest)
            longest.abort()

    def release(self, connection: Connection) -> None:
        """Nothing is held for it any more, if anything was."""
        self._total -= self._held.pop(connection, 0)

    def lost(self, connection: Connection) -> None:
        """The loop has dropped all that it had for it."""
        self.leaving.discard(connection)
