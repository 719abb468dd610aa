"""What Prometheus is told: every figure that the workers share, and the store's own."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.utils import floatToGoString

from goseventh import __version__, tally
from goseventh.endpoints import ENDPOINTS
from goseventh.figures import Gauge
from goseventh.tally import Histogram, Tally

_PREFIX = "goseventh_"
_NAMES = {endpoint.name: [endpoint.method, endpoint.path] for endpoint in ENDPOINTS} | {
    tally.OTHER: ["other", "other"]
}


class _Found(Collector):
    """Metrics that were collected already."""

    def __init__(self, found: Sequence[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return self._found


def render(found: Sequence[Metric], accept: str) -> tuple[bytes, bytes]:
    """The text of metrics, and its type: OpenMetrics for whoever accepts that, else Prometheus' own."""
    encode, kind = choose_encoder(accept)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Found(found))
    return encode(registry), kind.encode()


def collect(shared: Tally, gauges: Sequence[Gauge], strategy: str, started: float) -> list[Metric]:
    """All metrics. `gauges` are the store's, none if it can't say; `started` is in seconds since 1970."""
    cells = shared.sums()
    return [
        *_of_requests(cells),
        *_of_writing(cells),
        *_of_store(gauges),
        *_of_server(shared, strategy, started),
    ]


def _of_requests(cells: list[int]) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        _PREFIX + "requests", "Requests answered.", labels=["method", "route", "status"]
    )
    seconds = HistogramMetricFamily(
        _PREFIX + "request_seconds",
        "Time from the last bytes of a request to its answer.",
        labels=["method", "route"],
    )
    for name, columns in tally.ANSWERED.items():
        for status, column in columns.statuses.items():
            if cells[column] or status in tally.ALERTED:
                requests.add_metric([*_NAMES[name], str(status or "other")], cells[column])
        if sum(columns.seconds.buckets(cells)):
            _add(seconds, _NAMES[name], columns.seconds, cells)
    yield requests
    yield seconds
    searches = HistogramMetricFamily(
        _PREFIX + "search_seconds", "Time of a search, waiting for others included.", labels=["kind"]
    )
    for kind, histogram in tally.SEARCHES.items():
        _add(searches, [kind], histogram, cells)
    yield searches
    yield CounterMetricFamily(
        _PREFIX + "search_blocks",
        "Blocks of 128 people that exact searches met, where there are signatures.",
        cells[tally.BLOCKS],
    )
    yield CounterMetricFamily(
        _PREFIX + "search_blocks_skipped",
        "Those of them that a signature let them pass over.",
        cells[tally.SKIPPED],
    )


def _of_writing(cells: list[int]) -> Iterator[Metric]:
    groups = HistogramMetricFamily(_PREFIX + "group_people", "Creations that were answered together.")
    _add(groups, [], tally.GROUPS, cells)
    yield groups
    commits = HistogramMetricFamily(
        _PREFIX + "commit_seconds", "Time of a durable commit, its flush included."
    )
    _add(commits, [], tally.COMMITS, cells)
    yield commits
    yield GaugeMetricFamily(
        _PREFIX + "queue_people", "Creations that wait to be written.", cells[tally.WAITING]
    )


def _of_store(gauges: Sequence[Gauge]) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        _PREFIX + "store_answers", "1 while the store says what it is like, else 0.", int(bool(gauges))
    )
    for name, help_, value in gauges:
        yield GaugeMetricFamily(_PREFIX + name, help_, value)


def _of_server(shared: Tally, strategy: str, started: float) -> Iterator[Metric]:
    cells = shared.sums()
    yield GaugeMetricFamily(_PREFIX + "connections", "Connections open.", cells[tally.CONNECTIONS])
    yield CounterMetricFamily(
        _PREFIX + "connections_shed", "Connections ended or refused, being too many.", cells[tally.SHED]
    )
    yield GaugeMetricFamily(_PREFIX + "workers", "Workers that serve.", cells[tally.SERVING])
    restarts = sum(max(0, starts - 1) for starts in shared.column(tally.STARTS))
    yield CounterMetricFamily(
        _PREFIX + "worker_restarts", "Workers that took the place of a dead one.", restarts
    )
    yield GaugeMetricFamily(
        _PREFIX + "start_time_seconds",
        "When the server was started, in seconds since 1970.",
        started,
    )
    yield InfoMetricFamily(
        _PREFIX + "build", "What runs, and how it writes.", {"version": __version__, "strategy": strategy}
    )


def _add(
    family: HistogramMetricFamily, labels: Sequence[str], histogram: Histogram, cells: list[int]
) -> None:
    """Adds a histogram as Prometheus wants it: each bucket with all below it."""
    bounds = [*map(floatToGoString, histogram.bounds), "+Inf"]
    below = accumulate(histogram.buckets(cells))
    family.add_metric(labels, list(zip(bounds, below, strict=True)), histogram.sum(cells))
