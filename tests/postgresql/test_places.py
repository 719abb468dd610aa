"""Choosing PostgreSQL: what is refused, what is imported, and that no password is shown."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import lacking
from tests.postgresql.running import goseventh
from tests.serving import ROOT, Server


@pytest.mark.parametrize("strategy", ["write-behind", "memory-queue"])
def test_strategies_that_would_promise_nothing_are_refused(strategy: str) -> None:
    refused = goseventh("serve", "--strategy", strategy, "--store", "postgresql:///x")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "group-commit or per-request" in refused.stderr


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_without_the_driver_it_says_what_to_install(command: str) -> None:
    refused = lacking.run("asyncpg", command, "--store", "postgresql:///x")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "goseventh[postgresql]" in refused.stderr


def test_the_driver_is_not_imported_unless_it_is_chosen(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from goseventh import places, serve, settings\n"
        "places.choose(settings.from_environment(settings.SERVE, {}))\n"
        "sys.exit('asyncpg' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ana:hunter2@127.0.0.1:1/people",
        "postgresql://ana:hunter2@127.0.0.1:port/people",
        "postgresql://ana:hunter2/x@127.0.0.1/people",
        "postgresql://ana:hunter2@[::1]:1/people?password=hunter2",
        "mysql://ana:hunter2@127.0.0.1/people",
        "hunter2",
    ],
)
def test_a_password_is_shown_nowhere(address: str) -> None:
    for command in ("serve", "migrate"):
        refused = goseventh(command, GOSEVENTH_STORE=address)
        assert refused.returncode in (1, 2)
        assert refused.stderr.count("\n") == 1
        assert "hunter2" not in refused.stdout + refused.stderr


@pytest.mark.debian("postgres")
def test_it_says_which_store_it_has(running: Server, url: str) -> None:
    assert "PostgreSQL at /tmp/sockets-" in running.banner[2]
    assert running.request("GET", "/stats").json["store"]["kind"] == "postgresql"
