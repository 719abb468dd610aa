"""The API's document, and whether the server does what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from goseventh import endpoints
from goseventh.endpoints import ENDPOINTS
from tests.serving import ROOT, Server

TOKEN = "a-token.of_the~operators+0/=="
# Pages for people, and what they are made of.
UNDOCUMENTED = {endpoints.OPENAPI, endpoints.DOCS, endpoints.DOCS_FILE, endpoints.UI, endpoints.UI_FILE}


@pytest.fixture(scope="module")
def document(shared_server: Server) -> Any:
    return shared_server.request("GET", "/openapi.json").json


def documented(document: Any) -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, operations in document["paths"].items() for method in operations}


def test_every_endpoint_is_documented(document: Any) -> None:
    assert documented(document) == {
        (endpoint.method, endpoint.path) for endpoint in ENDPOINTS if endpoint not in UNDOCUMENTED
    }


def test_references_lead_somewhere(document: Any) -> None:
    for kind, name in re.findall(r"'#/components/(\w+)/(\w+)'", str(document)):
        assert name in document["components"][kind]


def test_who_may_not_see_operators_pages_is_not_told_of_them(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--host", "0.0.0.0") as server:
        found = documented(server.request("GET", "/openapi.json").json)
    assert ("GET", "/stats") not in found
    assert ("GET", "/ready") in found


def test_a_token_is_documented_and_not_told(tmp_path: Path) -> None:
    with Server(tmp_path / "data", GOSEVENTH_ADMIN_TOKEN=TOKEN) as server:
        reply = server.request("GET", "/openapi.json")
    assert reply.status == 200
    assert TOKEN.encode() not in reply.body
    assert reply.json["paths"]["/stats"]["get"]["security"] == [{"token": []}]
    assert "401" in reply.json["paths"]["/stats"]["get"]["responses"]
    assert "security" not in reply.json["paths"]["/pessoas"]["get"]


def test_schemathesis_finds_the_server_to_be_as_documented(shared_server: Server) -> None:
    # Some 15 s: it makes a few hundred requests, most of them what the document forbids.
    ran = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            *("--config-file", ROOT / "tests" / "schemathesis.toml"),
            *("run", f"http://127.0.0.1:{shared_server.port}/openapi.json"),
            *("--checks", "all", "--max-examples", "10", "--seed", "7", "--no-color"),
            *("--generation-database", "none"),
        ],
        cwd=ROOT,
        env=os.environ | {"SCHEMATHESIS_HOOKS": "tests.openapi_hooks", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    operations = len(ENDPOINTS) - len(UNDOCUMENTED)
    assert f"Selected: {operations}/{operations}" in ran.stdout
    assert shared_server.errors() == ""
