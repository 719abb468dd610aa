"""One real worker over a large store: how long reads by id take while it searches without a pause."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote

from goseventh.bench.percentiles import PERCENTILES, percentile
from goseventh.bench.processes.memory import memory
from goseventh.bench.processes.server import NotServing, serve
from goseventh.progress import Show
from storage.strategies import table

READS_PER_SECOND = 200
_TIMEOUT = 30.0


def measure(
    directory: Path, ids: Sequence[str], terms: Sequence[str], seconds: float, show: Show
) -> dict[str, Any]:
    """Latencies of reads in ms, quiet and while searched, and the worker's memory in bytes.

    Reads leave on schedule, 200 a second, and their latency counts from there. `directory` holds a store that
    nobody has open.
    """
    with serve(directory, table.DEFAULT.name, 1) as server:
        port = server.port
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
            "memory": memory(server.processes()[1]),
        }


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
