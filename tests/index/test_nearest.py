from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from index import nearest
from index.nearest import Nearest

LIKENESSES = st.lists(st.integers(0, 12), max_size=9)


@given(st.lists(LIKENESSES, max_size=12), st.integers(0, 10), st.integers(1, 20))
def test_the_nearest_are_those_that_sorting_all_would_give(
    offered: list[list[int]], bound: int, budget: int
) -> None:
    everything = []
    with patch.object(nearest, "_TOGETHER", 16):
        made: Nearest[int] = Nearest(bound, budget)
        for owner, likenesses in enumerate(offered):
            made.room(owner, 100, len(likenesses))[:] = np.array(likenesses, np.uint8)
            everything += [(-likeness, owner, number) for number, likeness in enumerate(likenesses, 100)]
        found = made.best()
    expected = sorted(one for one in everything if -one[0] >= bound)[:budget]
    assert found == [(owner, number) for _, owner, number in expected]
