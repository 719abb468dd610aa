"""What makes the comparison of two runs doubtful, a sentence each: pure functions."""

from collections.abc import Iterator, Sequence

from goseventh.bench.comparing.comparison import Compared
from goseventh.bench.comparing.pairing import YARDSTICK
from goseventh.bench.results import OWN, Machine, Results

_FLUSHES = 1.5
"""A factor between two disks' flushes beyond which they are not the same."""
_SPEEDS = 0.05
"""The least change of a CPU's speed that is told."""
_OF_THE_LOAD = ("seconds", "speed", "shorten")
_OF_THE_WORK = ("depth", *_OF_THE_LOAD, "cpus", "memory")
"""Settings that change what a figure is; the others only which figures there are, or how many values."""


def settings_that_differ(before: Results, after: Results) -> list[str]:
    """Such as "seconds 1 and 3", of those that change what the figures are.

    Beside somebody else's server only the load can be the same, and what both runs say of it.
    """
    ours = before.target == after.target == OWN
    pairs = [
        (name, before.settings.get(name), after.settings.get(name))
        for name in (_OF_THE_WORK if ours else _OF_THE_LOAD)
    ]
    return [
        f"{name} {one} and {other}"
        for name, one, other in pairs
        if one != other and (ours or (one and other))
    ]


def doubts(before: Results, after: Results, found: Sequence[Compared]) -> Iterator[str]:
    """Those there are."""
    a, b = before.machine, after.machine
    ours = before.target == after.target == OWN  # else of one server nothing is known but how it answers
    names = sorted({*a.packages, *b.packages}) if ours else []
    differing = [
        what
        for what, one, other in (
            ("CPU", (a.cpu, a.cpus), (b.cpu, b.cpus)),
            ("memory", a.memory_bytes, b.memory_bytes),
            ("kernel", a.kernel, b.kernel),
            ("Python", a.python, b.python),
            *((name, a.packages.get(name), b.packages.get(name)) for name in names),
            *(_of_servers(a, b) if ours else ()),
            ("seed", before.settings.get("seed"), after.settings.get("seed")),
            ("target", before.target, after.target),
        )
        if one != other
    ]
    differing += settings_that_differ(before, after)
    if differing:
        yield f"the runs differ in {', '.join(differing)}: their figures may differ for that"
    low, high = sorted((a.disk.flush_ms.p50, b.disk.flush_ms.p50))
    if ours and high > _FLUSHES * low:
        yield f"a flush took {a.disk.flush_ms.p50:.2f} ms and {b.disk.flush_ms.p50:.2f} ms: the disk differs"
    speeds = [one.change for one in found if one.old.is_cpu_speed and one.verdict == "different"]
    if changed := [change for change in speeds if change is not None and abs(change) > _SPEEDS]:
        known = any(one.at_speed is not None for one in found)
        judged = "judged is what is left at one speed, also where it was the build that made them slower"
        yield (
            f"the CPUs were not as fast both times, by {min(changed):+.0%} to {max(changed):+.0%}:"
            f" {judged if known else 'figures may differ for that'}"
        )
    for name, one in (("first", before), ("second", after)):
        if not one.complete:
            yield f"the {name} was cut off"
    if any(YARDSTICK in one.old.where and one.verdict.endswith(("better", "worse")) for one in found):
        yield "a server that is not ours changed as well: the machine was not as fast both times"
    if untold := sum(one.verdict == "can't tell" for one in found):
        yield f"of {untold} figures nothing can be told: they have one value or none above zero"


def _of_servers(a: Machine, b: Machine) -> Iterator[tuple[str, object, object]]:
    """What servers that were started here wrote to and were held to."""
    yield "disk", a.disk.directory_kind, b.disk.directory_kind
    yield "limits", a.limits, b.limits
