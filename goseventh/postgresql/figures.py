"""What a database is like, for its operators."""

from typing import Any

from goseventh import figures
from goseventh.figures import Figures, Gauge

ASK = (
    "SELECT (SELECT count(*) FROM people) AS people,"
    " current_setting('server_version') AS server,"
    " (SELECT max(version) FROM versions) AS tables_version,"
    " pg_database_size(current_database()) AS database_bytes,"
    " pg_indexes_size('people') AS index_bytes,"
    " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,"
    " current_setting('max_connections')::integer AS connections_most"
)


async def ask(session: Any) -> Figures:
    """The figures that the database has at hand, and how many people there are."""
    found = dict(await session.fetchrow(ASK))
    gauges = [
        figures.people(found["people"]),
        Gauge("database_bytes", "Size of the whole database, its indexes included.", found["database_bytes"]),
        Gauge(
            "database_connections",
            "Connections that the database server has, other programs' included.",
            found["connections"],
        ),
        Gauge(
            "database_connections_most",
            "Connections that the database server takes.",
            found["connections_most"],
        ),
    ]
    return Figures(found["people"], {"kind": "postgresql", **found}, gauges)
