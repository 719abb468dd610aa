"""What a crash loses, by strategy: real servers killed with kill -9, and disks as a power cut may leave them.

Each crash is a value of its own, never a sum: more of them must not look like more lost by one.

Of a power cut there are three kinds of disk: it holds nothing, half or all of what was not flushed. A library
under the server records what it writes and flushes; it is compiled here, so that needs a C compiler.
"""

import shutil
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from random import Random
from statistics import median

from goseventh.bench.crash import kill, power_cut, promises
from goseventh.bench.crash.examiner import Tally
from goseventh.bench.crash.images import Variant
from goseventh.bench.crash.load import Load
from goseventh.bench.crash.preload import COMPILER
from goseventh.bench.parts.shape import Cost, Found, Observation, Part, Rig
from goseventh.bench.plan import Plan
from goseventh.bench.processes.server import Server

_WORKERS = 2
_KILL_SECONDS, _CUT_SECONDS, _RECORD_SECONDS = 3.0, 0.5, 6.0
_PEOPLE = 800
"""Created in the recording that power cuts are made of."""
_BYTES = 40 << 20
"""Of each store that is examined, and of its copy."""


def _cost(plan: Plan) -> Cost:
    depth, count = plan.depth, len(plan.strategies)
    seconds = depth.kills * _KILL_SECONDS + _RECORD_SECONDS + depth.cuts * _CUT_SECONDS
    return Cost(count * seconds, count * (depth.kills + 1) * _BYTES)


def _run(rig: Rig) -> Iterator[Found]:
    depth = rig.plan.depth
    if shutil.which(COMPILER) is None:
        rig.warn(f"crash: power cuts were not measured, for {COMPILER} is not installed.")
    for strategy in rig.plan.strategies:
        place = rig.place / strategy
        place.mkdir()
        start = partial(_serve, rig, strategy)
        refused = (promises.of(strategy).refusal,)
        killed = kill.run(place, strategy, start, [_kill] * depth.kills, refused=refused)
        yield from _found(rig, strategy, "kill -9", killed)
        rig.tell(f"{strategy}: kill -9 lost {_worst(killed)}", depth.kills * _KILL_SECONDS)
        if shutil.which(COMPILER) is None:
            continue
        run = power_cut.record(place, strategy, _PEOPLE, start)
        tallies = power_cut.cut(run, place, strategy, depth.cuts, losable=True)
        for variant, tally in tallies.items():
            yield from _found(rig, strategy, f"power cut, {variant} kept", tally)
        rig.tell(
            f"{strategy}: a power cut lost {_worst(tallies[Variant.NOTHING])}",
            _RECORD_SECONDS + depth.cuts * _CUT_SECONDS,
        )
        shutil.rmtree(place)


def _serve(rig: Rig, strategy: str, directory: Path, variables: Mapping[str, str]) -> Server:
    return rig.serve(directory, strategy, _WORKERS, variables=variables)


def _kill(server: Server, load: Load, random: Random) -> str:
    server.kill()
    return "every process"


def _found(rig: Rig, strategy: str, crash: str, tally: Tally) -> Iterator[Observation]:
    where = {"strategy": strategy, "crash": crash}
    yield Observation("crashes", "count", "neither", where, tally.runs)
    yield Observation("creations at the crash", "1/s", "neither", where, median(tally.rates))
    for one in tally.each:
        yield Observation("acknowledged", "people", "neither", where, one.told)
        yield Observation("acknowledged and lost", "people", "lower", where, one.missing)
        yield Observation("promised and lost", "people", "lower", where, one.lost)
    for example in tally.broken():
        rig.fail(f"crash: {strategy}, {crash}: a promise was broken: {example}.")


def _worst(tally: Tally) -> str:
    worst = max(tally.each, key=lambda one: (one.missing, one.told))
    return f"up to {worst.missing:,} of {worst.told:,} at once"


PART = Part("crash", "what kill -9 and power cuts lose of those acknowledged, by strategy", _cost, _run)
