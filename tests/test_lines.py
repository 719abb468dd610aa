"""Lines by chunks: none is lost, none is too large."""

from io import BytesIO

from goseventh import lines
from goseventh.lines import Chunk, Line


def chunked(written: bytes, longest: int = 100) -> list[Chunk]:
    return list(lines.chunks(BytesIO(written), longest))


def numbers(chunks: list[Chunk]) -> list[list[int]]:
    return [[line.number for line in chunk.lines] for chunk in chunks]


def test_blank_lines_count_and_are_none() -> None:
    assert chunked(b"a\n\n \r\nb\n") == [Chunk([Line(1, b"a\n"), Line(4, b"b\n")], 4, 8)]
    assert numbers(chunked(b"")) == [[]]


def test_a_chunk_has_so_many_lines() -> None:
    found = chunked(b"x\n" * (2 * lines.CHUNK + 1))
    assert [len(chunk.lines) for chunk in found] == [lines.CHUNK, lines.CHUNK, 1]
    assert [chunk.read for chunk in found] == [2 * lines.CHUNK, 4 * lines.CHUNK, 4 * lines.CHUNK + 2]


def test_a_chunk_ends_where_memory_does() -> None:
    large = b"x" * (lines.CHUNK_BYTES // 2) + b"\n"
    assert numbers(chunked(large * 3, len(large))) == [[1, 2], [3]]


def test_a_line_of_the_longest_length_is_read_and_a_longer_one_is_passed() -> None:
    written = b"x" * 100 + b"\n" + b"x" * 101 + b"\n" + b"x" * 200_000 + b"\r\n" + b"x" * 100 + b"\r\nlast"
    [found] = chunked(written)
    assert [line.written for line in found.lines] == [
        b"x" * 100 + b"\n",
        None,
        None,
        b"x" * 100 + b"\r\n",
        b"last",
    ]
    assert (found.number, found.read) == (5, len(written))
