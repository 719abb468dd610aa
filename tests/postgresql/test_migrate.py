"""The tables: made once, whoever comes first; newer ones left alone."""

import subprocess
import sys
from pathlib import Path

import pytest

from goseventh.bench.processes.cluster import Cluster
from goseventh.postgresql import schema
from tests.postgresql.running import goseventh
from tests.serving import ROOT, Server
from tests.stores import database, execute
from tests.test_contract import assert_problem

pytestmark = pytest.mark.debian("postgres")


def test_migrating_is_harmless_again_and_at_once_from_many(cluster: Cluster) -> None:
    url = database(cluster)
    command = [sys.executable, "-m", "goseventh", "migrate", "--store", url]
    many = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    version = f"the tables are of version {len(schema.VERSIONS)}\n"
    assert [one.communicate()[0] for one in many] == [version] * 4
    assert goseventh("migrate", GOSEVENTH_STORE=url).stdout == version
    assert [tuple(row) for row in execute(url, "SELECT version FROM goseventh.versions")] == [
        (number,) for number in range(1, len(schema.VERSIONS) + 1)
    ]


def test_whoever_waited_for_another_sees_what_it_wrote_whatever_the_database_defaults_to(
    cluster: Cluster,
) -> None:
    url = database(cluster)
    name = url.partition("///")[2].partition("?")[0]
    execute(cluster.url(), f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'")
    assert execute(url, "SHOW transaction_isolation")[0][0] == "read committed"


def test_people_that_are_gone_are_told_of_and_not_made_anew(cluster: Cluster, tmp_path: Path) -> None:
    url = database(cluster)
    with Server(tmp_path, workers=1, GOSEVENTH_STORE=url) as server:
        execute(url, "DROP TABLE goseventh.people")
        assert "the tables are not there" in assert_problem(server.request("GET", "/ready"), 503)["detail"]
    refused = goseventh("migrate", GOSEVENTH_STORE=url)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "goseventh.people is gone" in refused.stderr


@pytest.mark.parametrize(
    ("statement", "before", "after", "said"),
    [
        ("NULL", "user=goseventh", "user=nobody_such", "does not let this user in"),
        ("NULL", "///people", "///nowhere", "no such database"),
        ("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN", "user=goseventh", "user=guest", "may not do"),
        (
            "CREATE SCHEMA elsewhere; CREATE EXTENSION pg_trgm SCHEMA elsewhere",
            "",
            "",
            "pg_trgm is not in the schema goseventh or public",
        ),
    ],
    ids=["user", "database", "right", "extension"],
)
def test_what_stands_in_the_way_is_said_in_a_line(
    cluster: Cluster, statement: str, before: str, after: str, said: str
) -> None:
    url = database(cluster)
    execute(url, f"DO $$ BEGIN {statement}; END $$")
    refused = goseventh("migrate", GOSEVENTH_STORE=url.replace(before, after))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert said in refused.stderr
    assert "SQLSTATE" not in refused.stderr


def test_tables_of_a_newer_version_are_left_alone(cluster: Cluster, tmp_path: Path) -> None:
    url = database(cluster)
    goseventh("migrate", GOSEVENTH_STORE=url)
    execute(url, "INSERT INTO goseventh.versions VALUES (99)")
    for refused in (goseventh("migrate", GOSEVENTH_STORE=url), goseventh("serve", GOSEVENTH_STORE=url)):
        assert refused.returncode == 1
        assert "version 99" in refused.stderr
