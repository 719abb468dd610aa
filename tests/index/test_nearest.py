import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from index.nearest import Nearest

DISTANCES = st.lists(st.integers(0, 12), max_size=9)


@given(st.lists(DISTANCES, max_size=9), st.integers(0, 10), st.integers(1, 20))
def test_the_nearest_are_those_that_sorting_all_would_give(
    offered: list[list[int]], bound: int, budget: int
) -> None:
    nearest: Nearest[int] = Nearest(bound, budget)
    everything = []
    for owner, distances in enumerate(offered):
        nearest.offer(owner, 100, np.array(distances, np.uint8))
        everything += [(distance, owner, number) for number, distance in enumerate(distances, 100)]
    expected = sorted(one for one in everything if one[0] <= bound)[:budget]
    assert nearest.best() == [(owner, number) for _, owner, number in expected]
