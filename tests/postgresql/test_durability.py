"""Databases that are set to lose what they answer."""

import re
from pathlib import Path

import pytest

from goseventh.bench.processes.cluster import Cluster
from goseventh.postgresql.database import bring_up_to_date
from tests.serving import NotServing, Server
from tests.stores import database, execute

pytestmark = pytest.mark.debian("postgres")


@pytest.mark.parametrize(
    "setting", ["synchronous_commit=off", "synchronous_commit=local", "goseventh.people=unlogged"]
)
def test_a_database_that_would_lose_people_is_refused_unless_that_is_wanted(
    cluster: Cluster, tmp_path: Path, setting: str
) -> None:
    url = database(cluster)
    if setting.endswith("unlogged"):
        bring_up_to_date(url)
        execute(url, "ALTER TABLE goseventh.people SET UNLOGGED")
    else:
        execute(cluster.url(), f"ALTER DATABASE {re.findall('people[0-9_]+', url)[0]} SET {setting}")
    with pytest.raises(NotServing) as refused:
        Server(tmp_path, GOSEVENTH_STORE=url)
    assert refused.value.code == 1
    assert setting in refused.value.errors
    assert refused.value.errors.count("\n") == 1
    with Server(tmp_path, "--allow-unsafe-database", GOSEVENTH_STORE=url) as server:
        assert "UNSAFE" in server.banner[1]
        assert "UNSAFE" in server.request("GET", "/stats").json["promise"]
        assert server.create().status == 201
        assert server.stop() == 0
