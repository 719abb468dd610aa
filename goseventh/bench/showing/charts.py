"""One panel of figures drawn as SVG: no words but names of who was measured, no colour of its own.

The charts are written down in Vega-Lite's grammar, as its JSON; its documentation has every key used here.
"""

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Any

import vl_convert

from goseventh.bench.showing import words
from goseventh.bench.showing.groups import Curve, Group, Panel, Point
from goseventh.bench.showing.palette import Mark

WIDTH, HEIGHT = 340, 220  # of the whole chart, fit for a phone; the page scales it up
_ROW, _TICKS = 26, 34  # heights of a row and of the axis below all rows
_SVG = "http://www.w3.org/2000/svg"
_WIDE = 30  # times the least: beyond that, small figures vanish on a linear scale
_MARKED = 12  # points of a curve that are drawn one by one
_INK, _LINE = "currentColor", "var(--line)"
SHORT = (
    " : ".join(
        f"datum.value >= {size} ? format(datum.value / {size}, '~g') + '{sign}'"
        for size, sign in (("1e9", "G"), ("1e6", "M"), ("1e3", "k"))
    )
    + " : format(datum.value, '~g')"
)
"""A tick's label: as few digits as it needs."""
_CONFIG = {
    "background": "transparent",
    "padding": {"left": 12, "right": 8, "top": 4, "bottom": 4},
    "view": {"stroke": None},
    "axis": {
        "labelColor": _INK,
        "labelFontSize": 12,
        "gridColor": _LINE,
        "domainColor": _LINE,
        "tickColor": _LINE,
        "title": None,
    },
}

Layer = dict[str, Any]
"""A part of a specification: data, mark and encoding."""


def svg(group: Group, panel: Panel, marks: Mapping[str, Mark], labelled_by: str) -> str:
    """The chart, to be put into a page; `labelled_by` are the ids of what describes it there."""
    if group.axis is None:
        height = _ROW * len(_names(panel)) + _TICKS
        return render(_rows(group, panel, marks), height, labelled_by)
    return render(_lines(group, panel, marks), HEIGHT, labelled_by)


def render(layers: Sequence[Layer], height: int, labelled_by: str) -> str:
    """Layers over one another as one SVG, which a page can style and a screen reader takes as one image."""
    drawn = vl_convert.vegalite_to_svg(
        {
            "layer": layers,
            "width": WIDTH,
            "height": height,
            "autosize": {"type": "fit", "contains": "padding"},
            "config": _CONFIG,
        }
    )
    root = ET.fromstring(drawn)
    ET.register_namespace("", _SVG)
    for element in root.iter():
        for name in [name for name in element.attrib if name.startswith("aria-") or name == "role"]:
            del element.attrib[name]  # parts of an image, in one language
        element.attrib.pop("font-family", None)
    root.set("role", "img")
    root.set("aria-labelledby", labelled_by)
    return ET.tostring(root, encoding="unicode")


def layer(mark: Mark, kind: str, look: Mapping[str, Any], rows: Sequence[Any], encoding: Layer) -> Layer:
    """A layer of somebody's; its name tells the page's filter whose it is."""
    return {
        "name": f"who{mark.slot}_{kind}",
        "data": {"values": list(rows)},
        "mark": {"color": mark.colour, "opacity": 1, **look},
        "encoding": encoding,
    }


def _lines(group: Group, panel: Panel, marks: Mapping[str, Mark]) -> list[Layer]:
    """Curves along the axis: the highest percentile in full, the others faintly."""
    x: Layer
    if group.continuous:
        x = {"field": "x", "type": "quantitative", "scale": {"nice": False}}
        x["axis"] = {"grid": False, "labelExpr": SHORT, "tickCount": 6}
    else:
        places = sorted({point.x for curve in panel.curves for point in curve.points if point.x is not None})
        x = {"field": "x", "type": "nominal", "scale": {"type": "point", "padding": 0.3}}
        x |= {"axis": {"labelAngle": 0}, "sort": [words.value(place).en for place in places]}
    y = {"field": "y", "type": "quantitative", "scale": _scale(group), "axis": _values(_scale(group))}
    layers: list[Layer] = []
    for number, curve in enumerate(panel.curves):
        mark, faint = marks[curve.entity], curve.rank != panel.curves[-1].rank
        rows = [
            {"x": point.x if group.continuous else words.value(point.x).en, **_middle(group, point)}
            for point in curve.points
            if point.x is not None
        ]
        look: Layer = {"type": "line", "strokeWidth": 1.5, "strokeDash": [4, 3]}
        look = look if faint else {"type": "line", "strokeWidth": 2}
        layers.append(layer(mark, f"line{number}", look, rows, {"x": x, "y": y}))
        if not group.continuous or len(rows) <= _MARKED:
            ends = {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}}
            layers.append(layer(mark, f"spread{number}", _SPREAD, rows, ends))
            look = {"type": "point", "shape": mark.shape, "size": 48, "filled": not faint}
            layers.append(layer(mark, f"point{number}", look, rows, {"x": x, "y": y}))
    return layers


def _rows(group: Group, panel: Panel, marks: Mapping[str, Mark]) -> list[Layer]:
    """One line for each who was measured, with a point for each percentile; the highest of them filled."""
    axis = {"ticks": False, "domain": False, "labelLimit": 120, "labelPadding": 8}
    y = {"field": "who", "type": "nominal", "sort": _names(panel), "axis": axis}
    x = {"field": "y", "type": "quantitative", "scale": _scale(group), "axis": _values(_scale(group))}
    layers: list[Layer] = []
    for number, curve in enumerate(panel.curves):
        mark, full = marks[curve.entity], curve.rank == panel.curves[-1].rank
        rows = [{"who": words.value(curve.entity).en, **_middle(group, curve.points[0])}]
        ends = {"y": y, "x": x | {"field": "low"}, "x2": {"field": "high"}}
        layers.append(layer(mark, f"spread{number}", _SPREAD, rows, ends))
        look = {"type": "point", "shape": mark.shape, "size": 64, "filled": full}
        layers.append(layer(mark, f"point{number}", look, rows, {"y": y, "x": x}))
    return layers


_SPREAD = {"type": "rule", "strokeWidth": 1.5}


def _values(scale: Layer) -> Layer:
    """The axis of what was measured. A logarithmic one has a line at each 1, 3, 10, ... or 1, 10, 100, ..."""
    axis: Layer = {"labelExpr": SHORT, "tickCount": 5, "domain": False, "ticks": False}
    if "type" not in scale:
        return axis
    low, high = scale["domain"]
    powers = range(-6, 13)
    steps = (1, 3) if low > 0 and high < 2000 * low else (1,)
    ticks = [step * 10.0**power for power in powers for step in steps]
    least = low if low > 0 else 1
    return axis | {"values": [0] * (low == 0) + [tick for tick in ticks if least <= tick <= high]}


def _middle(group: Group, point: Point) -> dict[str, float]:
    return {"y": group.summed_up(point), "low": min(point.values), "high": max(point.values)}


def _names(panel: Panel) -> list[str]:
    return list(dict.fromkeys(words.value(curve.entity).en for curve in panel.curves))


def _scale(group: Group) -> Layer:
    """One scale for all panels of a group, to compare them by; from 0 unless figures differ too much."""
    curves: list[Curve] = [curve for panel in group.panels for curve in panel.curves]
    values = [value for curve in curves for point in curve.points for value in point.values]
    low, high = min(values), max(values)
    if low > 0 and high > _WIDE * low:
        return {"type": "log", "domain": [low / 1.2, high * 1.2], "nice": False}
    if low == 0 and high > _WIDE:
        return {"type": "symlog", "domain": [0, high * 1.2]}
    return {"domain": [min(0, low), high * 1.05 or 1], "nice": False}
