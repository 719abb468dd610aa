import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.fold import fold
from tests.nasty import texts


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Jose", "jose"),
        ("JOSÉ", "jose"),
        ("Jose\u0301", "jose"),
        ("João Conceição", "joao conceicao"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("İ", "i"),
        ("ı", "i"),
        ("Søren", "soren"),
        ("Łódź", "lodz"),
        ("Æsir", "aesir"),
        ("ﬁm", "fim"),
        ("Ｊｏｓé", "jose"),
        ("ΟΔΟΣ", "οδοσ"),
        ("οδός", "οδοσ"),
        ("Ёлка", "елка"),
        ("\u0301", ""),
        ("🦜%", "🦜%"),
    ],
)
def test_case_and_marks_are_forgiven(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(st.one_of(texts(most=12), st.text(max_size=12)))
def test_folding_forgives_what_it_is_to_forgive(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert fold(text.lower()) == folded
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text)) == folded
    assert not any(unicodedata.category(letter) == "Mn" for letter in folded)


@given(st.text(st.characters(max_codepoint=0x24F), max_size=12))
def test_the_short_way_for_latin_letters_is_the_long_one(text: str) -> None:
    # Greek takes the long way, whatever stands beside it.
    assert fold(text + "ω") == fold(text) + "ω"
