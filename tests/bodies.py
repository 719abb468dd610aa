"""Bodies as clients write them, valid and not: strategies for hypothesis."""

import json

from hypothesis import strategies as st

from tests.nasty import texts

# What one JSON parser reads and another may refuse: numbers beyond a double.
LARGEST = 1e300

# Text with lone halves of surrogate pairs; two that meet may make a whole one.
BROKEN = st.lists(st.one_of(texts(1, 2), st.sampled_from(["\ud83e", "\udd9c"])), max_size=5).map("".join)
DATES = st.one_of(
    st.dates().map(str),
    st.from_regex(r"\A[0-2]\d{3}-[01]\d-[0-3]\d\n?\Z"),
    st.sampled_from(["", "2000-02-30", "1900-02-29", "2000-1-1", "20000101", "0000-01-01", "２０００-01-01"]),
    texts(),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(-LARGEST, LARGEST),
    texts(),
    BROKEN,
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(BROKEN, inner, max_size=3)),
    max_leaves=6,
)
LONG = st.one_of(st.sampled_from([32, 33, 100, 101]), st.integers(28, 105)).flatmap(
    lambda size: st.sampled_from(["x", "🦜", "e\u0301", "ß"]).map(lambda part: (part * size)[:size])
)
STACKS = st.one_of(
    st.none(),
    st.lists(texts(1, 4), max_size=4),
    st.lists(st.one_of(texts(0, 4), LONG, SCALARS), max_size=4),
    ANYTHING,
)
VALUES = {
    "apelido": st.one_of(texts(1, 8), texts(1, 8), LONG, ANYTHING),
    "nome": st.one_of(texts(1, 8), texts(1, 8), LONG, ANYTHING),
    "nascimento": st.one_of(st.dates().map(str), st.dates().map(str), DATES, ANYTHING),
    "stack": STACKS,
}
MEMBERS = st.one_of(
    *(st.tuples(st.just(field), values) for field, values in VALUES.items()),
    st.tuples(st.one_of(BROKEN, st.sampled_from(["id", "Nome", "stack "])), ANYTHING),
)
# Valid in all fields, in any order, then any members before and behind.
VALID = st.fixed_dictionaries(
    {
        "apelido": texts(1, 32),
        "nome": texts(1, 100),
        "nascimento": st.dates().map(str),
        "stack": st.one_of(st.none(), st.lists(texts(1, 32), max_size=5)),
    }
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Objects as clients write them: escaped or raw, with repeated keys and spaces."""
    base = draw(st.one_of(VALID, VALID, st.just({})))
    members = list(draw(st.permutations(list(base.items()))))
    for member in draw(st.lists(MEMBERS, max_size=3)):
        members.insert(draw(st.integers(0, len(members))), member)
    ascii_only = draw(st.booleans())
    space = draw(st.sampled_from(["", " ", "\r\n\t"]))
    written = ",".join(
        space + json.dumps(key, ensure_ascii=ascii_only) + ":" + json.dumps(value, ensure_ascii=ascii_only)
        for key, value in members
    )
    return f"{space}{{{written}{space}}}{space}".encode(errors="surrogatepass")


# What damage puts in.
SHARDS = st.one_of(
    st.just(b""),
    st.binary(max_size=2),
    st.sampled_from([b'"', b"\\", b",", b"}", b"]", b"\0", b"NaN", b"\xef\xbb\xbf", b"\\ud800", b"\\u0000"]),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Objects with something taken out, put in or both at one place."""
    body = draw(bodies())
    place, gone = draw(st.integers(0, len(body))), draw(st.integers(0, 3))
    return body[:place] + draw(SHARDS) + body[place + gone :]


# Anything else: bytes, and JSON that is no object of the right members.
OTHERS = st.one_of(st.binary(max_size=20), ANYTHING.map(lambda value: json.dumps(value).encode()))
