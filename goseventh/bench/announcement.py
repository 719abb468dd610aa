"""What a run is about to do, before it does anything, and what makes its machine a poor one to measure on."""

from collections.abc import Iterator, Sequence

from goseventh.bench.parts.shape import Part
from goseventh.bench.plan import Plan
from goseventh.bench.results import Machine

NOT_STARTED_HERE = "The server was not started here: what it runs on, and beside whom, is not known."


def text(plan: Plan, parts: Sequence[Part]) -> str:
    """All parts, how long they take and how much they write."""
    costs = [part.cost(plan) for part in parts]
    written = sum(cost.written for cost in costs)
    lines = [
        f"Measures {plan.url or 'servers and stores of its own'}:"
        f" about {_time(sum(cost.seconds for cost in costs))}, in {plan.out}."
    ]
    lines += [
        f"  {part.name:<11}{_time(cost.seconds):>9}  {part.external if plan.url else part.does}"
        for part, cost in zip(parts, costs, strict=True)
    ]
    if plan.url is None:
        lines.append(f"Writes some {written / 2**30:,.1f} GiB, an estimate. Disks wear: be prepared.")
    return "\n".join(lines)


def warnings(plan: Plan, machine: Machine) -> Iterator[str]:
    """A sentence each."""
    if plan.repeat == 1:
        yield "All was measured once: nobody knows how far a second time would be from it."
    if plan.url is not None:
        yield NOT_STARTED_HERE
    elif machine.disk.in_memory:
        yield (
            f"The data directories are in memory ({machine.disk.directory_kind}): flushes cost nothing, and"
            " no figure of a write says anything about a disk."
        )
    if machine.limits.why_not:
        yield f"The servers were not limited: {machine.limits.why_not}."
    if machine.limits.swap:
        yield "This kernel can't hold swap: the servers may have had some beyond their memory."


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"
