from hypothesis import given
from hypothesis import strategies as st

from index import text
from tests.nasty import texts


@given(st.lists(texts()), texts(least=1))
def test_a_needle_is_in_the_text_exactly_if_a_lowered_field_has_it(fields: list[str], term: str) -> None:
    expected = any(term.lower() in field.lower() for field in fields)
    assert (text.needle(term) in text.searchable(fields)) is expected


def test_a_needle_never_matches_across_fields() -> None:
    assert text.needle("ab") not in text.searchable(["a", "b"])
