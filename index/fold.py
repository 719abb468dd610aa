"""What the forgiving search sees of a text: letters without case, accents and other marks.

    fold := bare(casefold(bare(text))), with the letters of _PLAIN as people type who lack their key
    bare := compatibility decomposition (NFKD) without what marks letters (general category Mn)

So `JOSÉ` and `jose`, `ﬁ` and `fi`, `Straße` and `strasse`, `İ` and `i`, `Søren` and `soren` are alike.
"""

import re
import unicodedata

# Letters that have no decomposition in Unicode, case-folded.
_PLAIN = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)

# All of them are of the category Mn.
_ACCENTS = re.compile("[\u0300-\u036f]+")


def fold(text: str) -> str:
    """The folded form of `text`, empty if it is marks alone; some 1 µs for a name with accents."""
    if text.isascii():
        return text.lower()
    # Most of what is left are letters of ours with accents.
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    if plain.isascii():
        return plain.lower()
    return _bare(_bare(text).casefold()).translate(_PLAIN)


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join([letter for letter in decomposed if unicodedata.category(letter) != "Mn"])
