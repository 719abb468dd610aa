"""What is thrown at a server: bodies, searches and heads, as strategies for hypothesis."""

from collections.abc import Iterator
from random import Random
from urllib.parse import quote_from_bytes, quote_plus

from hypothesis import strategies as st

from tests.bodies import OTHERS, bodies, damaged
from tests.fuzz.chunks import broken, chunked
from tests.fuzz.heads import PATHS
from tests.nasty import texts

BODIES = st.one_of(bodies(), damaged(), OTHERS)

_TERMS = st.one_of(texts(0, 3), texts(1, 8), st.sampled_from(["a" * 512, "a" * 513, "é" * 512, "c#", "-"]))
_WRITTEN = st.one_of(
    _TERMS.map(quote_plus),
    _TERMS.map(lambda term: quote_from_bytes(term.encode(), safe="")),
    _TERMS.map(lambda term: "".join(f"%{byte:02x}" for byte in term.encode())),
    st.binary(max_size=4).map(lambda raw: quote_from_bytes(raw, safe="%+")),
    st.text("%+=;a0[]{}|\\^\"<>'", max_size=6),
)
_NAMES = st.sampled_from(["t", "t", "t", "%74", "T", "x", "", "t[]", "tt"])
# Where this stands in a query goes an id that somebody has, by that number; in capitals where it is so.
SOMEBODY = "somebody{:02}"
_NOBODY = "01a20a2a-1ec9-79df-921d-519821812fe2"
_AFTER = [
    *[SOMEBODY.format(number) for number in (0, 1, 50, 98)],
    *[SOMEBODY.format(99).upper(), _NOBODY, _NOBODY.upper(), _NOBODY.replace("-", "%2d"), f"+{_NOBODY}"],
    *[_NOBODY.replace("-", ""), f"{{{_NOBODY}}}", _NOBODY[1:], f"{_NOBODY}0", f"{_NOBODY[:-1]}g", "", "x"],
]
_MORE = [
    *[f"after={written}" for written in _AFTER],
    *[f"fuzzy={written}" for written in ("0", "1", "1", "1", "%31", "", "2", "01", "1+", "true", "%d9%a1")],
    *["", "t", "x", "after", "fuzzy", "After=x", "fuzzy[]=2"],
]
_PARTS = st.one_of(
    st.tuples(_NAMES, _WRITTEN).map("=".join),
    st.tuples(_NAMES, _WRITTEN).map("=".join),
    st.sampled_from(_MORE),
)
QUERIES = st.lists(_PARTS, max_size=3).map(lambda parts: "&".join(parts).encode())

_VERSIONS = [b"HTTP/1.0", b"HTTP/2.0", b"HTTP/1.10", b"http/1.1", b"HTTP/1.1 ", b""]
_METHODS = [b"PUT", b"OPTIONS", b"get", b"G(T", b"CONNECT", b""]
_TARGETS = [b"*", b"", b"x", b"//", b"/%", b"/?", b"/pessoas/", b"/\xc3\xa9", b"/a b", b"/" + b"x" * 9000]
_ANY_TARGET = st.text("/?=%&:@[]\\|.~a#", max_size=8).map(lambda text: b"/" + text.encode())
_FIELDS = [
    *[
        b"Content-Length: " + value
        for value in (b"0", b"5", b"05", b"5 ", b"+5", b"-1", b"5, 5", b"0x5", b"", b"1_0")
    ],
    *[
        b"Content-Length: " + value
        for value in ("\u0665".encode(), b"65536", b"65537", b"9" * 18, b"9" * 19, b"\xb2")
    ],
    *[
        b"Transfer-Encoding: " + value
        for value in (b"chunked", b"Chunked", b"gzip", b"gzip, chunked", b"identity", b"")
    ],
    *[
        b"Host: " + value
        for value in (b"x", b"", b"a b", b"a/b", b"[::1]:9999", b"\xc3\xa9", b"a:b:1", b"a,b", b"%41:", b"%4")
    ],
    *[b"Connection: " + value for value in (b"close", b"Keep-Alive ", b"x", b"x, close", b",")],
    *[b"Expect: " + value for value in (b"100-continue", b"100-Continue\t", b"tea", b"100-continue, x", b"")],
    *[b"X : y", b"X", b": y", b" folded", b"\tfolded", b"X:\0", b"X: \x7f", b"X: y\nZ: a", b"X: y\rZ: a"],
    *[b"Upgrade: websocket", b"X:", b"X: \xff", b"X-Long: " + b"x" * 9000],
]


def _mostly(usual: list[bytes], odd: list[bytes]) -> st.SearchStrategy[bytes]:
    """Faults seldom, or each would hide the others."""
    return st.integers(0, 5).flatmap(lambda drawn: st.sampled_from(usual if drawn else odd))


# What damage puts in: bytes anywhere, and whole members and fields before the end.
_SHARDS = {
    "create": [
        b"",
        b'"',
        b"\\",
        b",",
        b"}",
        b"]",
        b"[",
        b"\0",
        b"NaN",
        b"\xff",
        b"\\ud800",
        b"\\u0000",
        b"\xc3\xa9",
    ],
    "search": [
        b"",
        b"%",
        b"+",
        b"=",
        b"&",
        b"t=",
        b"%c3%a9",
        b"%C3",
        b"%00",
        b"a",
        b"&t=",
        b"%zz",
        b"[",
        b"\\",
    ],
    "head": [
        b"",
        b"\r",
        b"\n",
        b"\r\n",
        b"\0",
        b" ",
        b"\t",
        b":",
        b"\xff",
        b"\x7f",
        b",",
        b"x",
        b"\r\n ",
        b"1",
    ],
}
_MEMBERS = [
    *[b'"%b":%b' % (name, value) for name in (b"apelido", b"nome", b"nascimento", b"stack") for value in (
        b"null", b'""', b"1", b"true", b"[]", b"{}", b'" "', b'"\\ud800"', b'["PHP"]', b'["",1]', b'[""]',
        b"[null]",
        b'"%b"' % (b"x" * 32), b'"%b"' % (b"x" * 33), b'"%b"' % (b"x" * 100), b'"%b"' % (b"x" * 101),
        b'["%b"]' % (b"x" * 32), b'["%b"]' % (b"x" * 33), b'"2000-02-29"', b'"1900-02-29"', b'"2000-1-1"',
    )],
    b'"x":%b1%b' % (b"[" * 127, b"]" * 127), b'"x":%b1%b' % (b"[" * 128, b"]" * 128),
]  # fmt: skip
VARIANTS = 10


@st.composite
def heads(draw: st.DrawFn) -> bytes:
    """A head from likely parts; the one empty line is at its end."""
    method = draw(_mostly([b"GET", b"POST", b"HEAD"], _METHODS))
    target = draw(st.one_of(_mostly(list(PATHS), _TARGETS), _mostly(list(PATHS), _TARGETS), _ANY_TARGET))
    line = b" ".join([method, target, draw(_mostly([b"HTTP/1.1"], _VERSIONS))])
    fields = draw(st.lists(st.sampled_from(_FIELDS), max_size=2)) if draw(st.booleans()) else []
    return ended(b"\r\n".join([line, *draw(st.permutations([b"Host: x", *fields]))]))


def ended(head: bytes) -> bytes:
    """The head up to its first empty line."""
    head = head.lstrip(b"\r\n").split(b"\r\n\r\n")[0].rstrip(b"\r\n")
    return (head or b"x") + b"\r\n\r\n"


def variants(kind: str, sent: bytes, seed: int) -> Iterator[bytes]:
    """The case itself, and the same damaged at a place each: far cheaper than to have all drawn."""
    random = Random(seed)
    yield chunked(sent, random) if kind == "chunks" else sent
    for number in range(1, VARIANTS):
        if kind == "chunks":
            written = chunked(sent, random)
            yield broken(written, random) if number % 3 else written
        elif kind == "search" and number % 2:
            yield sent + b"&" + random.choice(_MORE).encode()
        elif kind == "head" and number % 2:
            yield ended(sent[:-2] + random.choice(_FIELDS))
        elif kind == "create" and number % 2 and sent.rstrip().endswith(b"}"):
            yield sent.rstrip()[:-1] + b"," + random.choice(_MEMBERS) + b"}"
        else:
            place = random.randrange(len(sent) + 1)
            damaged = sent[:place] + random.choice(_SHARDS[kind]) + sent[place + random.randrange(3) :]
            yield ended(damaged) if kind == "head" else damaged
