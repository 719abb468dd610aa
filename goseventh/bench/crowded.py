"""One real worker over a large store: how long reads by id take while it searches without a pause."""

import http.client
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote

from goseventh.bench.series import PERCENTILES, percentile
from goseventh.progress import Show

READS_PER_SECOND = 200
_TIMEOUT = 30.0
_STOP_SECONDS = 20.0


class NotServing(Exception):
    """The server ended, or answered what it must not; the message is one clear line."""


def measure(
    directory: Path, ids: Sequence[str], terms: Sequence[str], seconds: float, show: Show
) -> dict[str, Any]:
    """Latencies of reads in ms, quiet and while searched, and the worker's memory in bytes.

    Reads leave on schedule, 200 a second, and their latency counts from there. `directory` holds a store that
    nobody has open.
    """
    with _serving(directory) as (port, worker):
        show(0, 2, "reading, nobody searches")
        quiet = _read(port, ids, seconds)
        show(1, 2, "reading while it searches")
        stop = threading.Event()
        statuses: Counter[int] = Counter()
        searcher = threading.Thread(target=_search, args=(port, terms, stop, statuses))
        searcher.start()
        try:
            searched = _read(port, ids, seconds)
        finally:
            stop.set()
            searcher.join()
        return {
            "seconds": seconds,
            "reads_per_second": READS_PER_SECOND,
            "quiet": quiet,
            "searched": searched,
            "searches": {str(status): count for status, count in statuses.items()},
            "memory": memory(worker),
        }


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


@contextmanager
def _serving(directory: Path) -> Iterator[tuple[int, int]]:
    """A server of one worker: its port, and the worker's process id."""
    command = [sys.executable, "-m", "goseventh", "serve", "--port=0", "--workers=1", "--host=127.0.0.1"]
    # In a session of its own: Ctrl-C is for us, who then stop it in order.
    with subprocess.Popen(
        [*command, f"--data-dir={directory}"], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as server:
        try:
            assert server.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:(\d+)", server.stdout.readline())
            if found is None:
                raise NotServing("the server did not start")
            children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
            yield int(found[1]), int(children[0])
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()


def _read(port: int, ids: Sequence[str], seconds: float) -> dict[str, float | None]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)
    taken: list[float] = []
    due = time.perf_counter()
    for _, key in zip(range(int(seconds * READS_PER_SECOND)), cycle(ids), strict=False):
        due += 1 / READS_PER_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
        if _status(connection, f"/pessoas/{key}") != 200:
            raise NotServing(f"a person who is there could not be read: {key}")
        taken.append((time.perf_counter() - due) * 1000)
    connection.close()
    taken.sort()
    return {name: percentile(taken, share) for name, share in PERCENTILES.items()}


def _search(port: int, terms: Sequence[str], stop: threading.Event, statuses: "Counter[int]") -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)
    for term in cycle(terms):
        if stop.is_set():
            break
        statuses[_status(connection, f"/pessoas?t={quote(term, safe='')}")] += 1
    connection.close()


def _status(connection: http.client.HTTPConnection, path: str) -> int:
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    return response.status
