import random

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from goseventh.bench.searching.recall import measure, mistyped


@given(st.text("abc é", min_size=1, max_size=9), st.integers(0, 1 << 32))
def test_an_error_is_one_and_changes_something(name: str, seed: int) -> None:
    term = mistyped(random.Random(seed), name, 1)
    assert term
    assert OSA.distance(name, term) == 1


def test_every_kind_of_error_comes() -> None:
    found = {mistyped(random.Random(seed), "ab", 1) for seed in range(2000)}
    assert {"a", "b", "ba", "aab", "abb", "axb", "xb", "ax"} <= found


def test_recall_counts_the_answers_that_have_the_name() -> None:
    names = ["Ana", "José"]
    everybody = measure(lambda _: names, names, 2, searches=20, seed=1)
    assert (everybody.edits, everybody.searches, everybody.found, everybody.share) == (2, 20, 20, 1.0)
    assert len(everybody.seconds) == 20
    assert everybody.seconds == sorted(everybody.seconds)
    some = measure(lambda _: ["Ana"], names, 1, searches=100, seed=1)
    assert 0 < some.found < 100
    asked: list[str] = []
    measure(lambda term: asked.append(term) or names, names, 1, searches=20, seed=1)  # type: ignore[func-returns-value]
    again: list[str] = []
    measure(lambda term: again.append(term) or names, names, 1, searches=20, seed=1)  # type: ignore[func-returns-value]
    assert asked == again
