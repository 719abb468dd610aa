"""What tests of `storage` share."""

from collections.abc import Iterator

import pytest

from index import term_log
from storage.agreement import Read
from tests.storage import damage, samples
from tests.storage.damage import Whole


@pytest.fixture(scope="session")
def read() -> Read:
    """What says nickname and text of a document: here documents are no people's."""
    return samples.read


@pytest.fixture(scope="module")
def small_tiers() -> Iterator[None]:
    """Segments are sealed every 16 people."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(term_log, "TIERS", (4, 8, 16))
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, small_tiers: None) -> Whole:
    """A store to be copied and damaged."""
    return damage.make(tmp_path_factory.mktemp("whole"))
