"""The forgiving search of a store, whatever the strategy, and the outlines that it lives on."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from index import tables
from index.tables import Span
from storage.environment import open_environment
from storage.errors import Busy
from storage.strategies import table
from storage.strategies.table import Strategy
from storage.verify import verify
from tests.serving import until
from tests.storage.samples import read
from tests.storage.test_store import Opened, created

NAMES = [
    f"{first} {last}" for last in ("Barbosa", "Conceição", "Kuhlmann") for first in ("Ana", "José", "Rui")
]
SPAN = Span(1, 16, 1)


@pytest.fixture(params=table.TABLE, ids=lambda strategy: strategy.name)
def opened(directory: Path, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """A store that is checked when the test ends."""
    directory.mkdir()
    strategy: Strategy = request.param
    made = Opened(directory, strategy)
    yield made
    made.store.close()


def outlines(made: Opened) -> int:
    """How many parts there are of all tables."""
    environment = made.store._environment
    with environment.lmdb.begin() as snapshot:
        return snapshot.stat(environment.outlines)["entries"]


def all_durable(made: Opened) -> bool:
    """Whether nobody waits to be."""
    recent = made.store._writer.recent()
    with made.store._environment.lmdb.begin() as snapshot:
        return not recent.people(made.store._environment, snapshot)


def test_who_was_created_is_found_at_once_and_best_first(opened: Opened) -> None:
    people = {name: created(opened.create(name)).document for name in NAMES}
    assert opened.store.resembling("jose barboza", 50)[0] == people["José Barbosa"]
    assert opened.store.resembling("conceicao", 50) == [people[name] for name in NAMES[3:6]]
    assert opened.store.resembling("conceicao", 2) == [people[name] for name in NAMES[3:5]]
    assert opened.store.resembling("Kulhmann", 50) == [people[name] for name in NAMES[6:]]
    assert opened.store.resembling("qqqqqq", 50) == []


def test_the_order_holds_while_people_become_durable(small_tiers: None, opened: Opened) -> None:
    documents = []
    for number in range(60):
        documents.append(created(opened.create(f"Barbosa {number:02}")).document)
        assert opened.store.resembling("barboza", 50) == documents[:50]
        assert opened.store.resembling(f"barboza {number:02}", 50)[0] == documents[-1]
    until(lambda: all_durable(opened))
    assert opened.store.resembling("barboza", 50) == documents[:50]


def test_past_its_deadline_a_search_says_so(opened: Opened) -> None:
    created(opened.create("Ana"))
    until(lambda: all_durable(opened))
    with pytest.raises(Busy):
        opened.store.resembling("ana", 50, monotonic())


def test_a_store_from_before_there_were_outlines_gets_them(small_tiers: None, directory: Path) -> None:
    directory.mkdir()
    made = Opened(directory, table.DEFAULT)
    documents = [created(made.create(f"Barbosa {number:02}")).document for number in range(40)]
    made.store.close()
    environment = open_environment(directory, 1 << 30)
    with environment.lmdb.begin(write=True) as transaction:
        transaction.drop(environment.outlines)
    environment.close()
    assert list(verify(directory, read)) == []
    made = Opened(directory, table.DEFAULT)
    assert made.store.resembling("barboza", 50) == documents
    until(lambda: outlines(made) > 0)
    assert made.store.resembling("barboza", 50) == documents
    made.store.close()


def _flip(stored: dict[bytes, bytes]) -> None:
    key = SPAN.key(1)
    stored[key] = bytes([stored[key][0] ^ 1]) + stored[key][1:]


def _another(stored: dict[bytes, bytes]) -> None:
    content = stored[SPAN.key(1)][:-4]
    stored[SPAN.key(1)] = tables.seal(bytes(len(content)))


def _too_early(stored: dict[bytes, bytes]) -> None:
    stored[Span(33, 16, 1).key(0)] = stored[SPAN.key(0)]


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (_flip, "outline 1: checksum differs"),
        (_another, "outline 1: it is not that of its entries"),
        (_too_early, "outline 33: its entries may still change"),
    ],
)
def test_damage_to_outlines_is_told(
    small_tiers: None, tmp_path: Path, damage: Callable[[dict[bytes, bytes]], None], fault: str
) -> None:
    made = Opened(tmp_path, table.DEFAULT)
    for number in range(40):
        created(made.create(f"Barbosa {number}"))
    until(lambda: outlines(made) >= 6)
    made.store.close()
    assert list(verify(tmp_path, read)) == []
    environment = open_environment(tmp_path, 1 << 30)
    with environment.lmdb.begin(write=True) as transaction:
        stored = {bytes(key): bytes(value) for key, value in transaction.cursor(environment.outlines)}
        damage(stored)
        for key, value in stored.items():
            transaction.put(key, value, db=environment.outlines)
    environment.close()
    assert list(verify(tmp_path, read)) == [fault]
