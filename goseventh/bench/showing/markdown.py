"""A report as Markdown, the way GitHub shows it: the page's words and tables, in one language a file."""

from goseventh.bench.results import Results
from goseventh.bench.showing.page import templates
from goseventh.bench.showing.view import view


def markdown(results: Results, language: str) -> str:
    """The file's text; `language` is a field of `Text`."""
    return templates().get_template("report.md").render(view=view(results), language=language)
