"""Where to cut the power in a recording: at the borders where a writer is easily wrong, and anywhere."""

from collections.abc import Sequence
from itertools import chain
from random import Random

from goseventh.bench.crash.recorder import Event, Kind

# LMDB's two meta pages: writing one is what commits.
_META_END = 2 * 4096


def choose(events: Sequence[Event], number: int, random: Random, *, losable: bool = False) -> list[int]:
    """`number` cuts, in order: how many events have happened when the power goes.

    `losable`: only where somebody can be lost, so after the first was acknowledged and before the server had
    stopped in order; else also before, and always at the very end.
    """
    served = next(
        (moment for moment, event in enumerate(events) if event.kind is Kind.ACKNOWLEDGED), len(events)
    )
    groups = [list(range(1, served)), [], [], [], list(range(served, len(events)))]
    returns = {}
    for moment, event in enumerate(events):
        if event.kind is Kind.RETURNED:
            returns[event.process, event.call] = moment
    for moment, event in enumerate(events[served:], served):
        returned = returns.get((event.process, event.call), moment)
        match event.kind:
            case Kind.FLUSH:
                groups[1] += [moment, moment + 1, returned + 1]
            case Kind.WRITE | Kind.WRITE_THROUGH if event.place < _META_END:
                groups[2] += [moment, moment + 1, returned, returned + 1]
            case Kind.ACKNOWLEDGED:
                groups[3] += [moment + 1]
    allowed = range(served + 1, len(events)) if losable else range(1, len(events) + 1)
    for group in groups:
        random.shuffle(group)
    longest = max(map(len, groups))
    turns = chain.from_iterable(
        [group[turn] for group in groups if turn < len(group)] for turn in range(longest)
    )
    chosen = set() if losable else {len(events)}
    for moment in turns:
        if len(chosen) == number:
            break
        if moment in allowed:
            chosen.add(moment)
    return sorted(chosen)
