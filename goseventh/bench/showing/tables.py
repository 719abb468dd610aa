"""A group of figures as a table: one row for each condition and who was measured under it."""

from collections.abc import Sequence
from dataclasses import dataclass

from goseventh.bench.bilingual import UNITS, Text, bare, joined, same
from goseventh.bench.showing import words
from goseventh.bench.showing.groups import Condition, Curve, Group, Panel, Point
from goseventh.bench.spread import LOSSES, is_wide


@dataclass(frozen=True, slots=True)
class Cell:
    """What the repeats come to, and how far its repeats spread; empty where nothing was measured."""

    middle: Text
    spread: Text | None
    wide: bool = False
    """Whether that is too far to conclude anything from it."""


@dataclass(frozen=True, slots=True)
class Row:
    """Who, under which conditions, and what was measured."""

    entity: str
    workers: str
    """For the filter; empty where the number of workers is no condition."""
    heads: Sequence[Text]
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """The heads are those of the rows' heads, then of their cells."""

    over: Text
    """What stands above the cells' heads: the axis and the unit."""
    times: Text
    """How often each was measured."""
    summed_up: Text
    """What a cell shows of that."""
    heads: Sequence[Text]
    columns: Sequence[Text]
    rows: Sequence[Row]


def table(group: Group) -> Table:
    """Along the axis if there is one, else one column a percentile or one for all."""
    varying = _varying(group.panels)
    columns = _columns(group)
    by_rank = group.axis is not None and len(group.ranks) > 1
    unit = UNITS.get(group.unit, same(group.unit))
    heads = [_WHO, *(words.key(key) for key in varying), *([_RANK] if by_rank else [])]
    rows = []
    for panel in group.panels:
        fixed = dict(panel.fixed)
        for members in _rows(panel, by_rank):
            conditions = [words.value(fixed[key]) if key in fixed else same("–") for key in varying]
            rank = [words.name(members[0].rank)] if by_rank else []
            who = words.value(members[0].entity)
            cells = [_cell(group, _at(group, members, column)) for column in columns]
            workers = str(fixed.get("workers", ""))
            rows.append(Row(members[0].entity, workers, [who, *conditions, *rank], cells))
    over = joined([unit, words.key(group.axis)], "; ") if group.axis is not None else unit
    titles = [
        words.value(column) if group.axis else words.name(str(column) or group.name) for column in columns
    ]
    return Table(over, _times(group), _MOST if group.name in LOSSES else _MEDIAN, heads, titles, rows)


def _times(group: Group) -> Text:
    """A series has one value at each place, and says nothing of that."""
    if group.continuous:
        return same("")
    counts = {len(point.values) for panel in group.panels for curve in panel.curves for point in curve.points}
    least, most = min(counts), max(counts)
    if most == 1:
        return Text("measured once", "medido uma vez")
    if least == most:
        return Text("measured {most} times", "medido {most} vezes").fill(most=str(most))
    return Text("measured {least} to {most} times", "medido de {least} a {most} vezes").fill(
        least=str(least), most=str(most)
    )


def shared(group: Group) -> list[Condition]:
    """The conditions that all have in common."""
    varying = _varying(group.panels)
    return [pair for pair in group.panels[0].fixed if pair[0] not in varying]


def title(group: Group, panel: Panel) -> Text | None:
    """What sets a panel apart from the group's others; None for the only one."""
    apart = [pair for pair in panel.fixed if pair[0] in _varying(group.panels)]
    return conditions(apart) if apart else None


def conditions(pairs: Sequence[Condition]) -> Text:
    """Such as "2 workers, way kill -9"."""
    return joined([_condition(*pair) for pair in pairs])


def _condition(key: str, value: str | int | float) -> Text:
    number = words.value(value)
    if key in _CONDITIONS and not isinstance(value, str):
        one, many = _CONDITIONS[key]
        return (one if value == 1 else many).fill(number=number)
    if isinstance(value, str):
        return number
    return Text("{key}: {value}", "{key}: {value}").fill(key=words.key(key), value=number)


_CONDITIONS = {
    "workers": (Text("{number} worker", "{number} worker"), Text("{number} workers", "{number} workers")),
    "writers": (
        Text("{number} writer", "{number} escritor"),
        Text("{number} writers", "{number} escritores"),
    ),
    "flush_ms": (Text("+{number} ms a flush", "+{number} ms por flush"),) * 2,
    "people": (Text("{number} people", "{number} pessoas"),) * 2,
}
_MEDIAN = Text("median", "mediana")
_MOST = Text("the most of any crash", "o máximo de uma queda")
_WHO = Text("who", "quem")
_RANK = Text("percentile", "percentil")
_COUNT_OF_X = 12  # columns at most: of a long series, evenly spaced moments


def _varying(panels: Sequence[Panel]) -> list[str]:
    """The conditions that not all panels share, in their order."""
    seen: dict[str, set[object]] = {}
    for panel in panels:
        for key, value in panel.fixed:
            seen.setdefault(key, set()).add(value)
    count = {key: sum(key in dict(panel.fixed) for panel in panels) for key in seen}
    return [key for key, values in seen.items() if len(values) > 1 or count[key] < len(panels)]


def _columns(group: Group) -> list[str | int | float]:
    if group.axis is None:
        return list(group.ranks)
    places = {point.x for panel in group.panels for curve in panel.curves for point in curve.points}
    ordered = sorted((x for x in places if x is not None), key=lambda x: (isinstance(x, str), x))
    step = -(-len(ordered) // _COUNT_OF_X) if group.continuous else 1
    return ordered[::step]


def _rows(panel: Panel, by_rank: bool) -> list[list[Curve]]:
    """The curves of each row."""
    if by_rank:
        return [[curve] for curve in panel.curves]
    rows: dict[str, list[Curve]] = {}
    for curve in panel.curves:
        rows.setdefault(curve.entity, []).append(curve)
    return list(rows.values())


def _at(group: Group, members: Sequence[Curve], column: str | int | float) -> Point | None:
    for curve in members:
        for point in curve.points:
            if (point.x == column) if group.axis is not None else (curve.rank == column):
                return point
    return None


def _cell(group: Group, point: Point | None) -> Cell:
    if point is None:
        return Cell(same("–"), None)
    unit, low, high = group.unit, min(point.values), max(point.values)
    spread = None
    if len(point.values) > 1 and low != high:
        spread = joined([bare(low, unit), bare(high, unit)], "–")
    return Cell(bare(group.summed_up(point), unit), spread, is_wide(point.values, unit))
