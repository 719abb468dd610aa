"""A database, and a server of two workers over it."""

from collections.abc import Iterator

import pytest

from goseventh.bench.processes.cluster import Cluster
from goseventh.postgresql.database import bring_up_to_date
from tests.serving import Server
from tests.stores import database


@pytest.fixture(scope="module")
def url(cluster: Cluster) -> str:
    made = database(cluster)
    bring_up_to_date(made)
    return made


@pytest.fixture(scope="module")
def running(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("none"), workers=2, GOSEVENTH_STORE=url) as server:
        yield server
