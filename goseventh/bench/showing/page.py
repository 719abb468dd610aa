"""A report as one HTML file that needs nothing else: no network, no font, no script but its own."""

from collections.abc import Callable

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from goseventh.bench.bilingual import Text, number
from goseventh.bench.results import Results
from goseventh.bench.showing import charts, loss, tables, words
from goseventh.bench.showing.groups import Group, Panel
from goseventh.bench.showing.view import view


def templates() -> Environment:
    """The package's templates; what they fill in is escaped in HTML."""
    environment = Environment(
        loader=PackageLoader("goseventh.bench.showing"),
        autoescape=lambda name: bool(name and name.endswith(".html")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(T=Text, words=words, tables=tables, number=number)
    return environment


def page(results: Results) -> str:
    """The file's text."""
    shown = view(results)

    def chart(group: Group, panel: Panel, labelled_by: str) -> Markup:
        return Markup(charts.svg(group, panel, shown.marks, labelled_by))

    def loss_chart(way: str, labelled_by: str) -> Markup:
        return Markup(loss.svg(results, way, shown.marks, labelled_by))

    draw: dict[str, Callable[..., Markup]] = {"chart": chart, "loss_chart": loss_chart}
    return templates().get_template("report.html").render(view=shown, loss_ways=loss.ways(results), **draw)
