"""A short run of the benchmark, for the tests of whole runs."""

import io
from typing import Any

from goseventh.bench.open_load.schedule import Kind, Phase
from goseventh.bench.open_load.tournament import Options, run

from .stub import Stub

PLAN = {
    Kind.CREATE: (Phase(0.5, 100, 700), Phase(0.5, 400, 400)),
    Kind.SEARCH: (Phase(1, 150, 150),),
    Kind.NO_TERM: (Phase(1, 20, 20),),
}
SEED = 16  # in this plan it repeats nicknames, and searches for single letters


def go(site: Stub | str, **options: Any) -> tuple[int, str, str]:
    """Exit code, output and errors of a run against a stub, or the server of a URL."""
    out, err = io.StringIO(), io.StringIO()
    url = site if isinstance(site, str) else site.url
    usual: dict[str, Any] = {"url": url, "seed": SEED, "plan": PLAN, "speed": 2.0, "timeout": 20.0}
    code = run(Options(**usual | options), out, err)
    return code, out.getvalue(), err.getvalue()
