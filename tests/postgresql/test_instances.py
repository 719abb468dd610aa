"""Several instances over one database, behind nginx: as docker-compose.postgresql.yml has them."""

import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from goseventh.bench.crash.load import Load
from goseventh.bench.processes.cluster import Cluster
from tests.serving import ROOT, Server
from tests.stores import database, execute
from tests.test_contract import own, person, post
from tests.test_deploy import DEPLOY, free_port, proxy

COMPOSE = yaml.safe_load((ROOT / "docker-compose.postgresql.yml").read_text())
NGINX = DEPLOY / "nginx-instances.conf"


class Both(NamedTuple):
    """Two instances, which began at once over a database without tables, and its log."""

    first: Server
    second: Server
    url: str
    log: Path


@pytest.fixture(scope="module")
def both(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    url = database(cluster)
    start = partial(Server, tmp_path_factory.mktemp("none"), workers=1, GOSEVENTH_STORE=url)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: start(), range(2))
    with first, second:
        yield Both(first, second, url, cluster.log)


_SLOWLY = """
DO $do$ BEGIN
CREATE FUNCTION goseventh.slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_sleep(0.005);
    RETURN NEW;
END $$;
CREATE TRIGGER slowly BEFORE INSERT ON goseventh.people FOR EACH ROW EXECUTE FUNCTION goseventh.slowly();
END $do$
"""


@pytest.mark.debian("postgres")
def test_of_two_who_want_a_nickname_at_once_one_gets_it_and_neither_waits_for_the_other(both: Both) -> None:
    """They come to both in the same moments, and each row takes a while, so that groups overlap."""
    execute(both.url, _SLOWLY)
    mark = own()
    nicknames = [f"{mark}.{number}" for number in range(100)]
    asked = [(server, name) for name in nicknames for server in (both.first, both.second)]
    with ThreadPoolExecutor(64) as clients:
        found = list(clients.map(lambda each: post(each[0], person(apelido=each[1])), asked))
    assert sorted(reply.status for reply in found) == [201] * 100 + [422] * 100
    taken = {reply.json["existing"] for reply in found if reply.status == 422}
    assert taken == {reply.headers["Location"] for reply in found if reply.status == 201}
    assert both.first.count() == both.second.count()
    assert "deadlock" not in both.log.read_text()
    execute(both.url, "DROP FUNCTION goseventh.slowly CASCADE")


@pytest.mark.debian("postgres")
@pytest.mark.debian("nginx")
def test_nginx_shares_requests_out_and_goes_on_with_one(both: Both, tmp_path: Path) -> None:
    port = free_port()
    written = NGINX.read_text().replace("/tmp/nginx.pid", f"{tmp_path}/pid")
    for name, server in (("first", both.first), ("second", both.second)):
        written = written.replace(f"server {name}:9999;", f"server 127.0.0.1:{server.port};")
    written = written.replace("listen 9999;", f"listen 127.0.0.1:{port};")
    paths = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy"))
    written = written.replace("http {", f"daemon off; error_log stderr; user root; http {{ {paths}", 1)
    (tmp_path / "nginx.conf").write_text(written)
    command = ["nginx", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    ran = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert (ran.returncode, "warn" in ran.stderr) == (0, False), ran.stderr
    before = [_answered(server) for server in (both.first, both.second)]
    front = copy(both.first)
    front.port = port
    with proxy(command, port, tmp_path):
        load = Load(front, own(), limit=20)
        load.run(4)
        assert (len(load.acknowledged), load.others, load.unanswered) == (80, [], 0)
        after = [_answered(server) for server in (both.first, both.second)]
        assert all(new - old > 20 for old, new in zip(before, after, strict=True))
        for location, document in load.acknowledged.items():
            for server in (both.first, both.second):
                assert server.request("GET", location).body == document
        assert both.second.stop() == 0
        load = Load(front, own(), limit=20)
        load.run(4)
        assert (len(load.acknowledged), load.others, load.unanswered) == (80, [], 0)


def _answered(server: Server) -> int:
    """How many creations."""
    requests = server.request("GET", "/stats").json["requests"]
    return sum(sum(one["statuses"].values()) for one in requests if one["method"] == "POST")


def test_the_composition_fits_together_and_into_what_the_tournament_gave() -> None:
    services = COMPOSE["services"]
    limits = [service["deploy"]["resources"]["limits"] for service in services.values()]
    assert round(sum(float(limit["cpus"]) for limit in limits), 3) <= 1.5
    megabytes = {"MB": 1, "GB": 1024}
    assert sum(int(limit["memory"][:-2]) * megabytes[limit["memory"][-2:]] for limit in limits) <= 3072
    instances = re.findall(r"server (\w+):9999;", NGINX.read_text())
    assert [name for name in services if services[name].get("image") == "goseventh-postgresql"] == instances
    assert f"./{NGINX.relative_to(ROOT)}:/etc/nginx/nginx.conf:ro" in services["nginx"]["volumes"]
    requirements = services["first"]["build"]["args"]["REQUIREMENTS"]
    assert (ROOT / requirements).is_file()
    assert f"ARG REQUIREMENTS={requirements.replace('-postgresql', '')}" in (ROOT / "Dockerfile").read_text()
