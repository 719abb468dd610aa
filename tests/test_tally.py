"""The memory in which workers count: who sees what, and what a worker that takes another's place finds."""

import os

import pytest

from goseventh import tally
from goseventh.tally import Histogram, Tally
from goseventh.watch import Watch


def test_what_a_worker_counts_is_seen_by_all_and_kept_when_it_dies() -> None:
    shared = Tally(2)
    for _ in range(2):  # the second takes the place of the first
        child = os.fork()
        if child == 0:
            watch = Watch(shared, 1, access_log=False)
            watch.serve()
            watch.shed()
            watch.wrote_group(3)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    assert shared.column(tally.STARTS) == [0, 2]
    assert shared.sums()[tally.SHED] == 2
    assert tally.GROUPS.sum(shared.sums()) == 6


def test_what_goes_up_and_down_does_not_outlive_a_worker() -> None:
    shared = Tally(1)
    first = Watch(shared, 0, access_log=False)
    first.connections = [object()] * 3
    first.serve()
    first.measure(4)
    gauges = [tally.SERVING, tally.CONNECTIONS, tally.WAITING]
    assert [shared.sums()[column] for column in gauges] == [1, 3, 4]
    second = Watch(shared, 0, access_log=False)
    assert [shared.sums()[column] for column in gauges] == [0, 0, 0]
    assert second.trouble() is None  # somebody in its place has served once


def test_nobody_is_sent_to_a_server_that_starts_or_to_a_worker_that_stops() -> None:
    shared = Tally(2)
    first, second = (Watch(shared, index, access_log=False) for index in range(2))
    first.serve()
    assert first.trouble() == "the server is starting"
    second.serve()
    assert first.trouble() is None
    first.stop()
    assert first.trouble() == "the server is stopping"
    assert second.trouble() is None


@pytest.mark.parametrize(
    ("value", "bucket"), [(0.0, 0), (1.0, 0), (1.1, 1), (2.0, 1), (4.0, 2), (4.1, 3), (1e6, 3)]
)
def test_a_bucket_holds_what_is_at_most_its_bound(value: float, bucket: int) -> None:
    histogram = Histogram(2, (1.0, 2.0, 4.0), 1000)
    cells = [0] * (2 + histogram.width + 1)
    row = memoryview(bytearray(8 * len(cells))).cast("q")
    histogram.add(row, value)
    found = row.tolist()
    assert histogram.buckets(found) == [int(place == bucket) for place in range(4)]
    assert histogram.sum(found) == value
    assert found[:2] == [0, 0]
    assert found[-1] == 0


def test_no_two_figures_share_a_column() -> None:
    histograms = [columns.seconds for columns in tally.ANSWERED.values()]
    histograms += [*tally.SEARCHES.values(), tally.GROUPS, tally.COMMITS]
    taken = [one.column + place for one in histograms for place in range(one.width)]
    taken += [column for columns in tally.ANSWERED.values() for column in columns.statuses.values()]
    taken += [
        tally.STARTS, tally.SERVED, tally.SERVING, tally.SHED, tally.CONNECTIONS, tally.WAITING,
        tally.BLOCKS, tally.SKIPPED,
    ]  # fmt: skip
    assert sorted(taken) == list(range(len(taken)))
    assert len(Tally(3).sums()) == len(taken)


def test_who_takes_a_row_counts_blocks_on_from_those_before() -> None:
    shared = Tally(2)
    for blocks, skipped in ((5, 3), (10, 4)):
        watch = Watch(shared, 1, access_log=False)
        watch.looked_into(1, 0)
        watch.looked_into(blocks, skipped)
    assert (shared.sums()[tally.BLOCKS], shared.sums()[tally.SKIPPED]) == (15, 7)
