"""How much memory a process takes."""

import re
from pathlib import Path


def memory(pid: int) -> dict[str, int]:
    """Bytes: peak resident set, and now the proportional set and how much of that is no file's."""
    kilobytes = re.compile(r"^(\w+):\s+(\d+) kB$", re.MULTILINE)
    process = Path("/proc") / str(pid)
    found = {
        name: int(size) * 1024
        for file in ("status", "smaps_rollup")
        for name, size in kilobytes.findall((process / file).read_text())
    }
    return {"peak_rss": found["VmHWM"], "pss": found["Pss"], "pss_anonymous": found["Pss_Anon"]}
