"""Fixtures shared by all tests, and what a test marked `debian` needs."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from goseventh import person
from goseventh.bench.processes.cluster import Cluster
from storage.agreement import Read
from storage.verify import verify
from tests.serving import Server
from tests.stores import EMBEDDED, running_cluster, variables

# Debian keeps PostgreSQL's server out of PATH.
_PATH = os.pathsep.join([os.environ.get("PATH", ""), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))])


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips what needs a missing Debian tool, by its name; where tools are required that is a failure."""
    for marker in item.iter_markers("debian"):
        tool = marker.args[0]
        if shutil.which(tool, path=_PATH) is None:
            message = f"needs Debian's {tool}"
            if os.environ.get("REQUIRE_DEBIAN_TOOLS") == "1":
                pytest.fail(message, pytrace=False)
            pytest.skip(message)


@pytest.fixture(scope="session")
def read() -> Read:
    """What says nickname and text of a document."""
    return person.read


@pytest.fixture
def directory(tmp_path: Path, read: Read) -> Iterator[Path]:
    """A place for a store, which is whole when the test ends."""
    place = tmp_path / "data"
    yield place
    if (place / "data.mdb").exists():
        assert list(verify(place, read)) == []


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of this session's own; each test takes a database of its own there."""
    with running_cluster() as running:
        yield running


@pytest.fixture(scope="module")
def store() -> str:
    """Which store the servers below have; a module that is for several has a fixture of its own."""
    return EMBEDDED


@pytest.fixture
def server(directory: Path, store: str, request: pytest.FixtureRequest) -> Iterator[Server]:
    """A running server of two workers over an empty store."""
    with Server(directory, workers=2, **variables(store, request)) as running:
        yield running


@pytest.fixture(scope="module")
def shared_server(
    tmp_path_factory: pytest.TempPathFactory, read: Read, store: str, request: pytest.FixtureRequest
) -> Iterator[Server]:
    """One running server for a module's tests that do not mind each other's people."""
    place = tmp_path_factory.mktemp("shared") / "data"
    with Server(place, workers=2, **variables(store, request)) as running:
        yield running
    if store == EMBEDDED:
        assert list(verify(place, read)) == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield launched
        launched.close()
