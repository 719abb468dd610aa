"""The stores that tests run over, and a PostgreSQL server of the tests' own."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from goseventh.bench.processes.cluster import Cluster, find_programs
from goseventh.postgresql.sessions import connect

EMBEDDED = "embedded"
POSTGRESQL = "postgresql"
BOTH = [EMBEDDED, pytest.param(POSTGRESQL, marks=pytest.mark.debian("postgres"))]
# What a 201 rests on stays as it is by default.
_SETTINGS = {"max_connections": "60", "shared_buffers": "32MB", "max_wal_size": "128MB", "autovacuum": "off"}
_numbers = count()


@contextmanager
def running_cluster(**settings: str) -> Iterator[Cluster]:
    """A server that ends with the block. Not below pytest's directories, where only root may look."""
    programs = find_programs()
    assert programs is not None
    place = Path(tempfile.mkdtemp(prefix="cluster-"))
    try:
        cluster = Cluster(programs, place, _SETTINGS | settings)
        try:
            yield cluster
        finally:
            cluster.close()
    finally:
        shutil.rmtree(place)


def database(cluster: Cluster) -> str:
    """The address of a new database."""
    name = f"people{os.getpid()}_{next(_numbers)}"
    execute(cluster.url(), f"CREATE DATABASE {name}")
    return cluster.url(name)


def execute(url: str, statement: str, *values: object, **settings: str) -> Any:
    """The rows that a statement returns in a session with these settings."""

    async def ask() -> Any:
        session = await connect(url, **settings)
        try:
            return await session.fetch(statement, *values)
        finally:
            await session.close()

    return asyncio.run(ask())


def variables(store: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """The environment of a server that has this store, empty."""
    if store == EMBEDDED:
        return {}
    return {"GOSEVENTH_STORE": database(request.getfixturevalue("cluster"))}
