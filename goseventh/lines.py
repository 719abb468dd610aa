"""The lines of a file, by chunks: as many as are worked on together, but no more than memory has room for."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

CHUNK = 1024
"""The most lines of one."""
CHUNK_BYTES = 1 << 20


class Line(NamedTuple):
    """A line that is not blank."""

    number: int
    written: bytes | None
    """With its end, if it has one; None for a line that is too long to be read."""


class Chunk(NamedTuple):
    """Neighbouring lines."""

    lines: list[Line]
    number: int
    """Of the last line that was read."""
    read: int
    """Bytes of the file up to there."""


def chunks(file: BinaryIO, longest: int) -> Iterator[Chunk]:
    """All lines of a file; only the last chunk may be without any.

    A line has at most `longest` bytes, its end aside; a chunk 1,024 lines, and 1 MiB and a line.
    """
    number = read = 0
    ended = False
    while not ended:
        lines: list[Line] = []
        room = read + CHUNK_BYTES
        while len(lines) < CHUNK and read < room:
            written = file.readline(longest + 2)
            if not written:
                ended = True
                break
            number += 1
            read += len(written)
            if len(written) > longest and len(written.rstrip(b"\r\n")) > longest:
                read += _skip(file, written)
                lines.append(Line(number, None))
            elif not written.isspace():
                lines.append(Line(number, written))
        yield Chunk(lines, number, read)


def _skip(file: BinaryIO, written: bytes) -> int:
    """Reads the rest of a line; its length."""
    length = 0
    while written and not written.endswith(b"\n"):
        written = file.readline(1 << 16)
        length += len(written)
    return length
