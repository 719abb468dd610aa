"""`goseventh migrate`: brings a PostgreSQL database to the tables of this version."""

import sys

from goseventh import places
from goseventh.output import say
from goseventh.settings import SettingError, Settings
from storage.errors import Unusable


def run(settings: Settings) -> int:
    """Exit code 0 and the version, or 1 and a line that says why not; SettingError without a database."""
    if settings.store is None:
        raise SettingError("--store must name a PostgreSQL database: postgresql://…")
    places.need_driver()
    from goseventh.postgresql.database import bring_up_to_date

    try:
        version = bring_up_to_date(settings.store)
    except Unusable as error:
        print(f"goseventh: {error}", file=sys.stderr)
        return 1
    say(f"the tables are of version {version}")
    return 0
