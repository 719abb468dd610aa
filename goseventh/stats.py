"""`goseventh stats`: what a store is like, also while a server runs."""

import os
from collections.abc import Iterator
from typing import Any

import orjson

from goseventh.endings import ended
from goseventh.output import say
from goseventh.settings import Settings
from goseventh.versions import versions
from storage import facts
from storage.beside import reading
from storage.facts import Facts


def run(settings: Settings, *, json: bool) -> int:
    """Prints a table, or one JSON object."""

    def work() -> int:
        with reading(settings.data_dir, settings.map_size) as store, store.lmdb.begin() as snapshot:
            waiting = len(store.waiting(snapshot))
            found = facts.of(store.lmdb, store.databases(snapshot), snapshot, waiting)
        shown = _shown(settings, found)
        if json:
            say(orjson.dumps(shown).decode())
        else:
            for name, value in _flat(shown):
                say(f"{name:<24} {value:>16,}" if isinstance(value, int) else f"{name:<24} {value}")
        return 0

    return ended(work, "nothing was counted")


def _shown(settings: Settings, found: Facts) -> dict[str, Any]:
    strategy = settings.strategy.within(settings.write_behind_window)
    return {
        **versions(),
        "data_dir": os.fsencode(settings.data_dir).decode(errors="replace"),
        # A running server may have been told otherwise, and says so itself at /stats.
        "would_serve": {"strategy": strategy.name, "promise": strategy.promise},
        **found._asdict(),
    }


def _flat(shown: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in shown.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name} ")
        else:
            yield f"{before}{name}".replace("_", " "), value
