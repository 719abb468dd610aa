"""Figures that belong together: one group becomes one table and one row of charts. Pure functions."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from goseventh.bench.results import OWN, Better, Figure, Results, Series, Value
from goseventh.bench.showing import words
from goseventh.bench.spread import summed_up

Condition = tuple[str, Value]

ENTITIES = ("strategy", "contender", "server")
"""The conditions that say who was measured: each has a colour. The first that a figure has counts."""
_AXES = ("flush_ms", "people", "size", "writers", "clients", "connections")
"""The conditions that may become a horizontal axis, the best first; charts are set apart by all others."""
_PERCENTILE = re.compile(r"(?:(?P<of>.+?),? )?(?P<rank>median|p\d+|max)")


@dataclass(frozen=True, slots=True)
class Point:
    """One place of a curve."""

    x: Value | None
    """None where there is no axis."""
    values: Sequence[float]
    """One a repeat; `Group.summed_up` is shown, with their spread."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One figure of one entity, along the axis if there is one."""

    entity: str
    rank: str
    """Which percentile, such as p99; empty if it is none."""
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart's worth: the curves that share all other conditions."""

    fixed: tuple[Condition, ...]
    curves: Sequence[Curve]


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of one name in one part, and their percentiles together."""

    part: str
    name: str
    unit: str
    better: Better
    axis: str | None
    """The condition, or a series' x, that runs along the charts."""
    continuous: bool
    """Whether that is a series, with a point at any place."""
    panels: Sequence[Panel]

    @property
    def key(self) -> str:
        """Unlike any other group's of the same report; fit for an id."""
        return re.sub(r"[^a-z0-9]+", "-", f"{self.part} {self.name} {self.unit} {self.axis}".lower()).strip(
            "-"
        )

    @property
    def telling(self) -> bool:
        """Whether a chart shows more than a number: several who, or several places, that differ.

        Where neither more nor less is better, such as of how often something was tried, none does.
        """
        if self.better == "neither" and not self.continuous:
            return False
        curves = [curve for panel in self.panels for curve in panel.curves]
        points = [point for curve in curves for point in curve.points]
        several = len({curve.entity for curve in curves}) > 1 or len({point.x for point in points}) > 1
        return (several or len(self.panels) > 1) and len({self.summed_up(point) for point in points}) > 1

    def summed_up(self, point: Point) -> float:
        """What is shown of a point's values."""
        return summed_up(self.name, point.values)

    @property
    def ranks(self) -> list[str]:
        """Which percentiles there are, if any."""
        return list(dict.fromkeys(curve.rank for panel in self.panels for curve in panel.curves))


def grouped(results: Results) -> list[Group]:
    """All of them, part by part in the report's order."""
    found = [*_of_figures(results), *_of_series(results)]
    order = [*words.PARTS, *dict.fromkeys(group.part for group in found)]
    return sorted(found, key=lambda group: order.index(group.part))


def entities(results: Results) -> list[str]:
    """Everybody who was measured, the strategies first."""
    whos = [row.name for row in results.strategies]
    wheres = [one.where for one in results.figures] + [one.where for one in results.series]
    return list(dict.fromkeys([*whos, *(_entity(where, results) for where in wheres)]))


def _entity(where: Mapping[str, Value], results: Results) -> str:
    nobody = "goseventh" if results.target == OWN else results.target
    return next((str(where[key]) for key in ENTITIES if key in where), nobody)


def _of_figures(results: Results) -> Iterable[Group]:
    families: dict[tuple[str, str, str], list[tuple[str, Figure]]] = {}
    for figure in results.figures:
        name, rank = _ranked(figure.name)
        families.setdefault((figure.part, name, figure.unit), []).append((rank, figure))
    for (part, name, unit), members in families.items():
        wheres = _completed([figure.where for _, figure in members])
        axis = _axis(wheres)
        places = list(dict.fromkeys(where[axis] for where in wheres if axis and axis in where))
        panels: dict[tuple[Condition, ...], dict[tuple[str, str], list[Point]]] = {}
        for (rank, figure), where in zip(members, wheres, strict=True):
            curve = panels.setdefault(_fixed(where, axis), {}).setdefault((_entity(where, results), rank), [])
            # Whom the axis does not concern, such as a server without flushes, is the same all along.
            along = [None] if axis is None else [where[axis]] if axis in where else places
            curve += [Point(x, figure.values) for x in along]
        yield Group(part, name, unit, members[0][1].better, axis, False, _panels(panels))


def _of_series(results: Results) -> Iterable[Group]:
    def family(one: Series) -> tuple[str, str, str, str]:
        return one.part, *_ranked(one.name)[:1], one.unit, one.x_name

    for (part, name, unit, x_name), found in groupby(sorted(results.series, key=family), key=family):
        panels: dict[tuple[Condition, ...], dict[tuple[str, str], list[Point]]] = {}
        for one in found:
            curves = panels.setdefault(_fixed(one.where, None), {})
            who = (_entity(one.where, results), _ranked(one.name)[1])
            curves.setdefault(who, []).extend(Point(x, [y]) for x, y in zip(one.x, one.y, strict=True))
        yield Group(part, name, unit, "neither", x_name, True, _panels(panels))


def _ranked(name: str) -> tuple[str, str]:
    """What a name is of, and which percentile of it."""
    found = _PERCENTILE.fullmatch(name)
    return (found["of"] or "latency", found["rank"]) if found else (name, "")


def _completed(wheres: Sequence[Mapping[str, Value]]) -> list[Mapping[str, Value]]:
    """In one order. A condition that some lack and that is one for all others sets nobody apart."""
    values: dict[str, set[Value]] = {}
    for where in wheres:
        for key, value in where.items():
            values.setdefault(key, set()).add(value)
    common = {key: one for key, (one, *more) in values.items() if not more and key not in ENTITIES}
    full = [{**where, **common} for where in wheres]
    return [{key: where[key] for key in values if key in where} for where in full]


def _axis(wheres: Sequence[Mapping[str, Value]]) -> str | None:
    return next((key for key in _AXES if len({where[key] for where in wheres if key in where}) > 1), None)


def _fixed(where: Mapping[str, Value], axis: str | None) -> tuple[Condition, ...]:
    """The conditions that are neither who nor where along the axis."""
    who = next((key for key in ENTITIES if key in where), None)
    return tuple((key, value) for key, value in where.items() if key not in (who, axis))


def _panels(
    panels: Mapping[tuple[Condition, ...], Mapping[tuple[str, str], Sequence[Point]]],
) -> list[Panel]:
    return [
        Panel(fixed, [Curve(entity, rank, points) for (entity, rank), points in curves.items()])
        for fixed, curves in panels.items()
    ]
