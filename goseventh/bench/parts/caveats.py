"""What makes the figures of a load worth less, or wrong: every part that loads a server says it this way."""

from goseventh.bench.closed_load.saturation import Saturated
from goseventh.bench.parts.shape import Rig

NEAR = 0.8
"""Of the generator's ceiling, and of its CPU: beyond it a figure may be the generator's."""
_EXAMPLES = 3


def placed(rig: Rig, workers: int) -> None:
    """Where server and load run, as far as that takes from either."""
    own, cpus = rig.placement(workers), rig.plan.cpus
    who = f"With {workers} worker{'s' if workers > 1 else ''}"
    if own.shared:
        rig.warn(f"{who} the load generator shares CPUs with the server, and each takes time from the other.")
    elif cpus is not None and cpus > len(own.server):
        rig.warn(
            f"{who} the server is bound to {len(own.server)} of the CPUs, for the load generator has its own:"
            f" fewer than the {cpus:g} that it is held to."
        )


def checked(rig: Rig, who: str, found: Saturated) -> Saturated:
    """The same, once it was said what in it was wrong."""
    for what, count in found.wrong.most_common(_EXAMPLES):
        rig.fail(f"{who}: {count:,} wrong answers: {what}.")
    return found


def doubted(rig: Rig, who: str, found: Saturated, ceiling: float) -> None:
    """Whether the load generator, which reaches `ceiling` requests/s, may itself be what was measured."""
    if found.per_second > NEAR * ceiling:
        rig.warn(f"{who}: near the load generator's own ceiling of {ceiling:,.0f}/s.")
    elif found.share > NEAR:
        rig.warn(
            f"{who}: the load generator took more than {NEAR:.0%} of its CPU, so this may be its own speed."
        )
    if found.ran_out:
        rig.warn(f"{who}: there was nothing left to ask for before the time was over.")
