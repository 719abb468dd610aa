"""The bill of materials names what is installed, as the image's build writes it."""

import json
import re
import subprocess
import sys
from importlib.metadata import distributions

from goseventh import __version__
from tests.serving import ROOT


def written() -> bytes:
    """What the command prints."""
    return subprocess.run(
        [sys.executable, "-m", "goseventh.sbom"], cwd=ROOT, capture_output=True, check=True
    ).stdout


def test_the_bill_names_every_distribution_once_and_the_same_each_time() -> None:
    first = written()
    bill = json.loads(first)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["purl"] == f"pkg:pypi/goseventh@{__version__}"
    installed = {(one.metadata["Name"], one.version) for one in distributions()}
    listed = [(one["name"], one["version"]) for one in bill["components"]]
    assert len(listed) == len(set(listed))
    assert {*listed, ("goseventh", __version__)} == installed
    references = [one["bom-ref"] for one in bill["components"]]
    assert len(references) == len(set(references))
    assert all(re.fullmatch(r"pkg:pypi/[a-z0-9-]+@[^@]+", one["purl"]) for one in bill["components"])
    assert written() == first


def test_every_pinned_dependency_is_in_it() -> None:
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    listed = {
        (one["name"].lower().replace("_", "-"), one["version"]) for one in json.loads(written())["components"]
    }
    assert len(pinned) > 10
    assert {(name.lower().replace("_", "-"), version) for name, version in pinned} <= listed


def test_the_image_is_built_with_its_bill() -> None:
    path = "/opt/goseventh/sbom.cdx.json"
    assert f"-m goseventh.sbom > {path}" in (ROOT / "Dockerfile").read_text()
    assert path in (ROOT / "SECURITY.md").read_text()
