"""What RFC 9112 says of a body in chunks: an oracle that reads it byte by byte, and ways to write it."""

from random import Random

from tests.fuzz.heads import HEXADECIMAL, LARGEST_BODY, is_text
from tests.oracle import Refused

# Of this server: bytes of the line of a size, its CRLF not among them.
LONGEST_LINE = 60
LONGEST_SIZE = 16

# What may stand where the line of a size should, that of a chunk of five bytes above all. Some is right.
_LINES = [
    *[
        b"5",
        b"",
        b"x",
        b"-1",
        b"+5",
        b"0x5",
        b"0_5",
        b" 5",
        b"5 ",
        b"5 x",
        b"5:",
        b"5\r",
        b"5\n",
        b"0",
        b"00",
    ],
    *[b"5;", b"5;x", b"5 \t;x=y", b"5;\0", b"5;\xff", b"5;\x7f", b"0;x", "\u0665".encode()],
    *[b"0" * 15 + b"5", b"0" * 16 + b"5", b"10000", b"10001", b"f" * 16, b"f" * 17],
    *[b"5;" + b"x" * (LONGEST_LINE - 2), b"5;" + b"x" * (LONGEST_LINE - 1)],
]
_SHARDS = [
    *[b"", b"\r", b"\n", b"\r\n", b"\n\r", b"0", b"5", b"a", b";", b" ", b"\0"],
    *[b"0\r\n\r\n", b"X: y\r\n"],
]


def unchunk(sent: bytes) -> tuple[bytes, bytes]:
    """The body, and what follows it; Refused for what is broken, too large or not whole."""
    body = b""
    while True:
        line, whole, sent = sent.partition(b"\r\n")
        if not whole:
            raise Refused(400)
        size = _size(line)
        if len(body) + size > LARGEST_BODY:
            raise Refused(413)
        body += sent[:size]
        ended, sent = sent[size : size + 2] == b"\r\n", sent[size + 2 :]
        if not ended:
            raise Refused(400)
        if size == 0:
            return body, sent


def _size(line: bytes) -> int:
    digits, semicolon, extension = line.partition(b";")
    if semicolon:
        digits = digits.rstrip(b" \t")
    if not 1 <= len(digits) <= LONGEST_SIZE or not HEXADECIMAL.issuperset(digits):
        raise Refused(400)
    if len(line) > LONGEST_LINE or not is_text(extension):
        raise Refused(400)
    return int(digits, 16)


def chunked(body: bytes, random: Random) -> bytes:
    """The body in chunks, written in one of the ways that there are."""
    written = b""
    while body:
        size = random.choice([1, 2, random.randint(1, 40), len(body)])
        piece, body = body[:size], body[size:]
        written += _line(len(piece), random) + piece + b"\r\n"
    return written + _line(0, random) + b"\r\n"


def _line(size: int, random: Random) -> bytes:
    digits = b"0" * random.choice([0, 0, 0, 3]) + (b"%x" if random.random() < 0.5 else b"%X") % size
    return digits + random.choice([b"", b"", b"", b";x", b" ;x=y"]) + b"\r\n"


def broken(written: bytes, random: Random) -> bytes:
    """A body in chunks that begins with any line of a size, or is damaged at an end of a line or anywhere."""
    if random.random() < 0.4:
        return random.choice(_LINES) + random.choice([b"\r\n", b"\r\n     \r\n"]) + written
    ends = [place for place in range(len(written)) if written.startswith(b"\r\n", place)]
    place = random.choice([random.choice(ends), random.randrange(len(written) + 1)])
    return written[:place] + random.choice(_SHARDS) + written[place + random.randrange(3) :]
