"""A text without the paths of the machine that it was written on, so that a report can be published."""

import os
import re
import sys
import tempfile
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_SOLIDUS = re.escape(os.sep)


def anonymous(text: str, out: Path) -> str:
    """With short names in place of the directories that depend on the machine: `out` is where a report goes.

    A relative path says nothing of a machine, and stays.
    """
    places = {
        out.absolute(): "DIR",
        out.resolve(): "DIR",
        _ROOT: ".",
        Path(sys.prefix): "PYTHON",
        Path(sys.base_prefix) / "lib": "PYTHON",
        Path.home(): "HOME",
        Path(tempfile.gettempdir()): "TMP",
    }
    for place in sorted(places, key=lambda one: -len(one.parts)):
        if len(place.parts) > 1:  # the root itself is nobody's
            text = re.sub(rf"(?<![\w.{_SOLIDUS}-]){re.escape(str(place))}(?![\w.-])", places[place], text)
    return text
