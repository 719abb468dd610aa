"""How much memory all processes of a server take, and its file, by people: after it read and searched."""

from collections.abc import Iterator

from goseventh.bench import built
from goseventh.bench.asking import Search
from goseventh.bench.parts.shape import Cost, Found, Observation, Part, Rig
from goseventh.bench.plan import Plan
from goseventh.bench.results import Where
from storage.layout import DATA_FILE
from storage.strategies import table

_LOAD_SECONDS = 0.5
_EACH_SECONDS = 3.0


def _cost(plan: Plan) -> Cost:
    sizes = plan.depth.remembered
    seconds = sum(sizes) / built.PER_SECOND + len(sizes) * plan.repeat * _EACH_SECONDS
    return Cost(seconds, sum(sizes) * built.BYTES)


def _run(rig: Rig) -> Iterator[Found]:
    plan = rig.plan
    for people in plan.depth.remembered:
        built.build(rig.place / str(people), people, plan.seed)
    for turn in range(plan.repeat):
        for people in plan.depth.remembered:
            directory, strategy = rig.place / str(people), table.DEFAULT.name
            where: Where = {"people": people, "strategy": strategy, "workers": plan.most_workers}
            with rig.serve(directory, strategy, plan.most_workers) as server:
                load = rig.generators(plan.most_workers)
                load.saturate(server.url, [Search(plan.seed + turn)], _LOAD_SECONDS)
                size = server.memory()
            yield Observation("memory (PSS)", "bytes", "lower", where, size)
            yield Observation("file", "bytes", "lower", where, (directory / DATA_FILE).stat().st_size)
            rig.tell(f"{people:,} people: {size / 2**20:,.0f} MiB of memory", _EACH_SECONDS)


PART = Part("memory", "memory of all processes and size of the file, by people", _cost, _run)
