"""How much memory all processes of a server take, and its file, by people: after it searched."""

from collections.abc import Iterator

from goseventh.bench import built
from goseventh.bench.closed_load.asking import Search
from goseventh.bench.parts import caveats
from goseventh.bench.parts.shape import Cost, Found, Observation, Part, Rig
from goseventh.bench.plan import Plan
from goseventh.bench.results import Where
from storage.layout import DATA_FILE

_LOAD_SECONDS = 0.5
_EACH_SECONDS = 3.0
_MOST_REPEATS = 3


def _cost(plan: Plan) -> Cost:
    sizes = plan.depth.remembered
    seconds = sum(sizes) / built.PER_SECOND + len(sizes) * _repeats(plan) * _EACH_SECONDS
    return Cost(seconds, sum(sizes) * built.BYTES)


def _repeats(plan: Plan) -> int:
    return min(plan.repeat, _MOST_REPEATS)


def _run(rig: Rig) -> Iterator[Found]:
    plan = rig.plan
    for people in plan.depth.remembered:
        built.build(rig.place / str(people), people, plan.seed)
    for turn in range(_repeats(plan)):
        for people in plan.depth.remembered:
            directory, strategy = rig.place / str(people), plan.main_strategy
            where: Where = {"people": people, "strategy": strategy, "workers": plan.most_workers}
            with rig.serve(directory, strategy, plan.most_workers) as server:
                load = rig.generators(plan.most_workers)
                found = load.saturate(server.url, [Search(plan.seed + turn)], _LOAD_SECONDS)
                caveats.checked(rig, f"memory: {people:,} people", found)
                size = server.memory()
            yield Observation("memory (PSS)", "bytes", "lower", where, size)
            yield Observation("file", "bytes", "lower", where, (directory / DATA_FILE).stat().st_size)
            rig.tell(f"{people:,} people: {size / 2**20:,.0f} MiB of memory", _EACH_SECONDS)


PART = Part("memory", "memory of all processes and size of the file, by people", _cost, _run)
