"""The bill of materials of an installation: `python -m goseventh.sbom` prints it as CycloneDX 1.6 JSON.

It lists each Python distribution that is installed where it runs; the image's build does that. The Debian
packages of the base image are not in it: their publisher tells of them.
"""

import re
import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from typing import Any

import orjson

from goseventh.output import output


def main() -> int:
    """Prints the bill."""
    with output() as file:
        file.write(orjson.dumps(bill(distributions()), option=orjson.OPT_INDENT_2) + b"\n")
    return 0


def bill(installed: Iterable[Distribution]) -> dict[str, Any]:
    """The document; the same installation gives the same one, so it has no serial number and no time."""
    found = {one.metadata["Name"].lower(): one for one in installed}
    subject = _component(found.pop("goseventh"))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": subject | {"type": "application"}},
        "components": [_component(found[name]) for name in sorted(found)],
    }


def _component(one: Distribution) -> dict[str, Any]:
    name, version = one.metadata["Name"], one.version
    url = f"pkg:pypi/{re.sub('[-_.]+', '-', name).lower()}@{version}"  # by PEP 503
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": url,
        "name": name,
        "version": version,
        "purl": url,
    }
    told = one.metadata.json  # in its own spelling of names; what is not told is not there
    if "license_expression" in told:
        component["licenses"] = [{"expression": told["license_expression"]}]
    elif "\n" not in told.get("license", "\n"):  # some put the whole text there
        component["licenses"] = [{"license": {"name": told["license"]}}]
    return component


if __name__ == "__main__":
    sys.exit(main())
