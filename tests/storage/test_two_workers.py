"""What every write strategy promises over two live workers, each in a process of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import layout
from storage.strategies import table
from storage.strategies.table import Strategy
from tests.serving import until
from tests.storage.another import Another

RACED = [f"p{number}" for number in range(300)]


@pytest.fixture(params=table.TABLE, ids=lambda strategy: strategy.name)
def strategy(request: pytest.FixtureRequest) -> Strategy:
    found: Strategy = request.param
    return found


@pytest.fixture
def workers(directory: Path, strategy: Strategy) -> Iterator[tuple[Another, Another]]:
    directory.mkdir()
    layout.create(directory)
    with Another(directory, strategy.name) as one, Another(directory, strategy.name) as other:
        yield one, other


def is_shared(strategy: Strategy) -> bool:
    """Whether what one worker answered the others know."""
    return strategy.name != "memory-queue"


def test_each_nickname_of_a_race_is_given_once(strategy: Strategy, workers: tuple[Another, Another]) -> None:
    for worker in workers:
        worker.start("create", *RACED)
    given: dict[str, list[str]] = {nickname: [] for nickname in RACED}
    taken: dict[str, str] = {}
    for worker in workers:
        for nickname, (what, key) in zip(RACED, worker.finish(), strict=True):
            if what == "created":
                given[nickname].append(key)
            else:
                assert what == "taken"
                taken[nickname] = key
    twice = [nickname for nickname, keys in given.items() if len(keys) > 1]
    if is_shared(strategy):
        assert twice == []
        assert all([key] == given[nickname] for nickname, key in taken.items())
    else:
        assert twice  # what is not promised; but it is counted
        until(lambda: sum(worker.do("dropped") for worker in workers) == len(twice))
    for worker in workers:
        until(lambda worker=worker: worker.do("count") == len(RACED))  # type: ignore[misc]


def test_whoever_is_answered_is_read_found_and_counted_through_either(
    strategy: Strategy, workers: tuple[Another, Another]
) -> None:
    one, other = workers
    keys: list[str] = []

    def seen(by: Another, key: str) -> tuple[bool, bool, bool]:
        document = by.do("get", key)
        return document is not None, document in by.do("search", "p"), by.do("count") == len(keys)

    for turn in range(20):
        creator, witness = (one, other) if turn % 2 else (other, one)
        what, key = creator.create(f"p{turn}")
        assert what == "created"
        keys.append(key)
        if is_shared(strategy):
            assert seen(creator, key) == seen(witness, key) == (True, True, True)
        else:
            assert seen(creator, key)[:2] == (True, True)
    if is_shared(strategy):
        assert keys == sorted(set(keys))  # ids rise over both
    else:
        what, key = one.create("last")
        keys.append(key)
        assert seen(other, key) == (False, False, False)  # what is not promised
    for worker in workers:
        until(lambda worker=worker: worker.do("count") == len(keys))  # type: ignore[misc]
        assert all(worker.do("get", key) for key in keys)
