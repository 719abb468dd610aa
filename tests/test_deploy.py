"""What is in deploy/ is taken by the programs that it is for, and does what it says."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.serving import ROOT, Server, until

DEPLOY = ROOT / "deploy"
EXPOSURE = 1.2
"""What `systemd-analyze security` may say at most, of 10."""


@pytest.fixture(scope="module")
def objects() -> dict[str, Any]:
    """What the manifest describes, by kind."""
    return {each["kind"]: each for each in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())}


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The service, of a program that is there."""
    written = (DEPLOY / "goseventh.service").read_text()
    made = tmp_path / "goseventh.service"
    made.write_text(written.replace("/opt/goseventh/bin/goseventh", sys.executable))
    return made


@pytest.mark.debian("systemd-analyze")
def test_systemd_takes_the_service(unit: Path) -> None:
    ran = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (ran.returncode, [line for line in ran.stderr.splitlines() if unit.name in line]) == (0, [])


@pytest.mark.debian("systemd-analyze")
def test_the_service_exposes_little(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE * 10:g}", str(unit)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.debian("docker-compose")
def test_compose_takes_its_file(tmp_path: Path) -> None:
    written = (ROOT / "docker-compose.yml").read_text()
    for text, code in ((written, 0), (written.replace("cap_drop", "cap_drp"), 1)):
        (tmp_path / "docker-compose.yml").write_text(text)
        ran = subprocess.run(["docker-compose", "config", "--quiet"], cwd=tmp_path, check=False)
        assert ran.returncode == code


def test_kubernetes_takes_the_manifest(objects: dict[str, Any]) -> None:
    assert set(objects) == {"PersistentVolumeClaim", "Deployment", "Service"}
    for each in objects.values():
        kubernetes_validate.validate(each, kubernetes_validate.latest_version(), strict=True)


def test_one_pod_has_the_volume_and_the_service_finds_it(objects: dict[str, Any]) -> None:
    deployment = objects["Deployment"]["spec"]
    pod = deployment["template"]["spec"]
    [container] = pod["containers"]
    assert deployment["replicas"] == 1
    assert deployment["strategy"] == {"type": "Recreate"}
    assert objects["PersistentVolumeClaim"]["spec"]["accessModes"] == ["ReadWriteOncePod"]
    assert (
        pod["volumes"][0]["persistentVolumeClaim"]["claimName"]
        == (objects["PersistentVolumeClaim"]["metadata"]["name"])
    )
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounted["people"] == re.search(r"DATA_DIR=(\S+)", (ROOT / "Dockerfile").read_text())[1]  # type: ignore[index]
    assert objects["Service"]["spec"]["selector"].items() <= (
        deployment["template"]["metadata"]["labels"].items()
    )
    assert container["livenessProbe"]["httpGet"]["path"] == "/health"
    assert container["readinessProbe"]["httpGet"]["path"] == "/health"
    assert not pod["enableServiceLinks"]


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("behind") / "data") as running:
        yield running


@contextmanager
def proxy(command: list[str], port: int, home: Path) -> Iterator[None]:
    """Runs a proxy until the context ends."""
    variables = os.environ | {"HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    log = home / "log"
    with (
        log.open("wb") as file,
        subprocess.Popen(command, env=variables, stdout=file, stderr=file) as started,
    ):
        try:
            until(lambda: started.poll() is not None or _listens(port))
            assert started.poll() is None, log.read_text()
            yield
        finally:
            started.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def assert_it_serves(server: Server, port: int) -> None:
    """That who asks the proxy at `port` gets what the server has, but no operators' pages."""
    own = server.port
    server.port = port
    try:
        person = server.create(apelido=f"by {port}")
        assert person.status == 201
        assert server.request("GET", person.headers["Location"]).body == person.body
        assert server.create(apelido=f"by {port}").status == 422
        assert server.request("POST", "/pessoas", b'"' + b"x" * 70_000 + b'"').status == 413
        for path in ("/stats", "/metrics", "/ui", "/ui/"):
            assert server.request("GET", path).status == 404
        assert server.request("GET", "/health").status == 200
    finally:
        server.port = own
    assert server.request("GET", "/stats").status == 200


@pytest.mark.debian("nginx")
def test_nginx_in_front(behind: Server, tmp_path: Path) -> None:
    port = free_port()
    site = (DEPLOY / "nginx.conf").read_text().replace("127.0.0.1:9999", f"127.0.0.1:{behind.port}")
    site = site.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("    listen [::]:80;\n", "")
    (tmp_path / "site.conf").write_text(site)
    paths = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy"))
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log stderr; daemon off; user root; events {{}}"
        f"http {{ access_log off; {paths} include {tmp_path}/site.conf; }}"
    )
    command = ["nginx", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    ran = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "warn" not in ran.stderr
    with proxy(command, port, tmp_path):
        assert_it_serves(behind, port)


@pytest.mark.debian("caddy")
def test_caddy_in_front(behind: Server, tmp_path: Path) -> None:
    port = free_port()
    written = (DEPLOY / "Caddyfile").read_text().replace("127.0.0.1:9999", f"127.0.0.1:{behind.port}")
    site = "{\n\tadmin off\n}\n" + written.replace("\n:80 {", f"\n:{port} {{\n\tbind 127.0.0.1")
    (tmp_path / "Caddyfile").write_text(site)
    named = ["--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"]
    ran = subprocess.run(["caddy", "validate", *named], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    with proxy(["caddy", "run", *named], port, tmp_path):
        assert_it_serves(behind, port)
