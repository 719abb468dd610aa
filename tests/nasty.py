"""Text that breaks careless code: case that changes length, separators, wildcards, marks, far planes."""

from hypothesis import strategies as st

PIECES = (
    "ß",
    "ẞ",
    "İ",
    "ı",
    "ſ",
    "ς",
    "σ",
    "Σ",
    "Ω",
    "ω",
    "é",
    "e\u0301",
    "🦜",
    "\0",
    "%",
    "_",
    ".*",
    "\\",
    '"',
    "'",
    " ",
)
ALPHABET = st.one_of(st.sampled_from(PIECES), st.sampled_from("aAbBcC"), st.characters(codec="utf-8"))


def texts(least: int = 0, most: int = 8) -> st.SearchStrategy[str]:
    """Nasty strings of `least` to `most` code points."""
    return (
        st.lists(ALPHABET, min_size=least, max_size=most)
        .map(lambda parts: "".join(parts)[:most])
        .filter(lambda text: len(text) >= least)
    )
