"""What a store tells whoever watches how it writes, and the one who does not."""

from typing import Protocol


class Observer(Protocol):
    """Told of groups by the thread that writes them, and of commits by whoever has the right to write.

    So at no time by two threads of a process at once about the same.
    """

    def wrote_group(self, size: int) -> None:
        """So many records were answered together."""

    def committed(self, seconds: float) -> None:
        """A durable commit took so long, its flush included."""

    def looked_into(self, blocks: int, skipped: int) -> None:
        """Exact searches here have met so many blocks by now, and passed over so many. By any thread."""


class Nobody:
    """Not watching, so that the store need not ask whether anybody is."""

    def wrote_group(self, size: int) -> None:
        pass

    def committed(self, seconds: float) -> None:
        pass

    def looked_into(self, blocks: int, skipped: int) -> None:
        pass


NOBODY = Nobody()
