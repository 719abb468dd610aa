"""A store in figures, as its operators see it: for `/stats`, and for `/metrics`."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from storage.facts import Facts


class Gauge(NamedTuple):
    """One figure for Prometheus, without the prefix that all names have."""

    name: str
    help: str
    value: float


class Figures(NamedTuple):
    """As of one moment. Sizes are in bytes."""

    people: int
    shown: Mapping[str, object]
    """Name → figure, for `/stats`; which there are is the store's affair."""
    gauges: Sequence[Gauge]


def embedded(facts: Facts) -> Figures:
    """Those of the embedded store."""
    gauges = [
        people(facts.people),
        Gauge("segments", "Segments of searchable text.", facts.segments),
        Gauge(
            "map_used_bytes", "How far the store has grown, pages that are free again included.", facts.used
        ),
        Gauge(
            "map_reusable_bytes",
            "Part of the used map that is free again.",
            facts.free_pages * facts.page,
        ),
        Gauge("map_free_bytes", "How far the store can still grow.", facts.map - facts.used),
        Gauge("reader_slots", "Snapshots that there can be at once.", facts.reader_slots),
        Gauge(
            "reader_slots_used",
            "Those taken now, by dead processes too until they are forgotten.",
            facts.readers,
        ),
    ]
    return Figures(facts.people, {"kind": "embedded", **facts._asdict()}, gauges)


def people(number: int) -> Gauge:
    """What every store has."""
    return Gauge("people", "People in the store.", number)
