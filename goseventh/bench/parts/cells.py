"""Which servers are saturated, and with what: a cell is one server, from its start to its end."""

from dataclasses import dataclass

from goseventh.bench.crash import promises
from goseventh.bench.plan import Plan
from goseventh.bench.results import Where

_WINDOWS = 2
"""Times what a strategy may owe, a load lasts at least: memory-queue writes three times within it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One server, from its start to its end."""

    server: str
    """A strategy, or one of the servers beside them."""
    flush_ms: int
    workers: int
    loads: tuple[str, ...]
    """Of `plan.LOADS`, in their order: the first one always."""

    @property
    def where(self) -> Where:
        match self.server:
            case "":
                return {}
            case name if name in (BARE, POSTGRESQL):
                return {"server": name, "workers": self.workers}
        return {"strategy": self.server, "flush_ms": self.flush_ms, "workers": self.workers}

    @property
    def counts(self) -> bool:
        """Whether it keeps whom it creates."""
        return self.server != BARE

    def seconds(self, plan: Plan) -> float:
        """Of each of its loads."""
        return max(plan.seconds, _WINDOWS * promises.of(self.server).power_cut)

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.where.items()) or "the server"


BARE = "bare"
POSTGRESQL = "postgresql"
"""The conventional stack."""
_BARE_ANSWERS = ("creations", "reads")


def cells(plan: Plan) -> list[Cell]:
    """Creations for every strategy, flush and number of workers; all the rest where only workers matter."""
    if plan.url is not None:
        return [Cell("", 0, plan.most_workers, plan.loads)]
    creations, least = plan.loads[:1], min(plan.flush_ms)
    answered = tuple(load for load in plan.loads if load in _BARE_ANSWERS)
    found = []
    for workers in plan.workers:
        found.append(Cell(BARE, 0, workers, answered))
        if plan.beside_postgresql:
            found.append(Cell(POSTGRESQL, 0, workers, plan.loads))
        for flush_ms in plan.flush_ms:
            for strategy in plan.strategies:
                whole = strategy == plan.main_strategy and flush_ms == least
                found.append(Cell(strategy, flush_ms, workers, plan.loads if whole else creations))
    return found
