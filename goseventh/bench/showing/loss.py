"""Loss against speed: what each strategy gives for what it may lose, as one chart a way to crash."""

from collections.abc import Mapping

from goseventh.bench.results import Results
from goseventh.bench.showing.charts import HEIGHT, SHORT, layer, render
from goseventh.bench.showing.palette import Mark
from goseventh.bench.showing.summary import LOST, summaries
from goseventh.bench.spread import summed_up


def ways(results: Results) -> list[str]:
    """How servers crashed, where both the loss and the speed of a strategy are known."""
    if not any(row.speed is not None for row in summaries(results)):
        return []
    return list(
        dict.fromkeys(str(one.where["crash"]) for one in results.figures if _is_loss(one.name, one.where))
    )


def svg(results: Results, way: str, marks: Mapping[str, Mark], labelled_by: str) -> str:
    """Creations/s to the right, people lost upwards, by the worst crash: best is below, on the right."""
    speeds = {row.strategy: row.speed for row in summaries(results)}
    losses = {
        str(one.where["strategy"]): summed_up(one.name, one.values)
        for one in results.figures
        if _is_loss(one.name, one.where) and one.where["crash"] == way
    }
    top = max([10.0, *losses.values()]) * 1.5
    x = {"field": "x", "type": "quantitative", "axis": {"labelExpr": SHORT, "tickCount": 5}}
    axis = {
        "labelExpr": SHORT,
        "values": [0, *(10**power for power in range(9))],
        "domain": False,
        "ticks": False,
    }
    y = {"field": "y", "type": "quantitative", "scale": {"type": "symlog", "domain": [0, top]}, "axis": axis}
    layers = []
    for who, lost in losses.items():
        if (speed := speeds.get(who)) is not None:
            look = {"type": "point", "shape": marks[who].shape, "size": 130, "filled": True}
            layers.append(layer(marks[who], "point", look, [{"x": speed, "y": lost}], {"x": x, "y": y}))
    return render(layers, HEIGHT, labelled_by)


def _is_loss(name: str, where: Mapping[str, str | int | float]) -> bool:
    return name == LOST and "strategy" in where and "crash" in where
