"""`goseventh config`: every setting in force, and where it came from."""

from goseventh.output import say
from goseventh.settings import SERVE, Settings


def run(settings: Settings) -> int:
    """Prints a line for each, such as a server would be started with here."""
    rows = [("setting", "value", "from")]
    for row in SERVE:
        given, source = settings.given[row.name]
        shown = ("set" if getattr(settings, row.attribute) else "not set") if row.secret else given
        rows.append((row.name, shown, source))
    widths = [max(len(cells[column]) for cells in rows) for column in (0, 1)]
    for name, value, source in rows:
        say(f"{name:<{widths[0]}}  {value:<{widths[1]}}  {source}")
    return 0
