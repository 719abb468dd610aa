"""Whether one run's figures differ from another's, by more than their repeats do: pure functions.

Each figure's logarithms are compared by a moderated t-test (Smyth 2004, "Linear models and empirical Bayes
methods", as in the limma package): five repeats say little of a figure's own noise, so that is drawn towards
what all figures have. Where it is known how fast the CPUs were each time, that is a covariate (analysis of
covariance): what a figure owes to it, by its own repeats, is neither noise nor a change. Of many figures
some always look different; Benjamini and Hochberg's procedure keeps those to one in a hundred of all that
are called so. A rank test of five against five could never say anything of fifty figures: its least p is
0.008.

What can be worse and what only tells of the measuring are corrected apart. Where bare Sanic's same figure
went the same way, a verdict is of what is beyond that.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from goseventh.bench.comparing.pairing import YARDSTICK
from goseventh.bench.parts.cells import BARE
from goseventh.bench.results import Figure, Key, Value

FALSE_DISCOVERIES = 0.01
"""Which share of all that is called better or worse may be neither."""

_NEVER = re.compile(r"^promised and lost$|^people missing$|\bwrong\b.* answers$")
"""Figures of which one is too many. What is lost within the promise is none: whom a crash hits is luck."""

ENOUGH = 4
"""Repeats of each run from which on it shows what a figure owes to the CPUs' speed."""

Verdict = Literal[
    "better", "worse", "a little better", "a little worse", "different", "within noise", "can't tell"
]
Floats = NDArray[np.float64]
Pair = tuple[Figure, Figure]


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of both runs."""

    old: Figure
    new: Figure
    change: float | None
    """Of the middle, as a share: 0.1 is a tenth more; None from or to zero."""
    p: float | None = None
    """Corrected for how many figures there are; None where nothing can be tested."""
    verdict: Verdict = "can't tell"
    at_speed: float | None = None
    """The change had the CPUs been as fast both times, which is what is judged; None: that is not known."""
    least: float | None = None
    """The least change that so many repeats with such noise could tell, as a share, uncorrected."""

    @property
    def judged(self) -> float | None:
        """The change that the verdict is of, before what bare Sanic's same figure excuses."""
        return self.change if self.at_speed is None else self.at_speed


class _Fit(NamedTuple):
    """The logarithms of one pair."""

    difference: float
    scatter: float
    """The sum of squares that is left."""
    freedom: float
    weight: float
    """Times the variance of one value: that of the difference."""
    adjusted: bool
    """Whether by the CPUs' speed."""


class _Tested(NamedTuple):
    fit: _Fit
    p: float
    least: float


def compare(pairs: Sequence[Pair], threshold: float) -> list[Compared]:
    """All pairs. Worse, and better, need both: significance, and a change by `threshold` (0.1: a tenth)."""
    speeds = {_load(old): (old, new) for old, new in pairs if old.is_cpu_speed}
    tested = [pair for pair in pairs if _testable(*pair)]
    found: dict[int, _Tested] = {}
    # Apart: that a CPU was slower, which is seen often, makes nothing else likelier.
    for can_be_worse in (True, False):
        family = [pair for pair in tested if pair[0].can_be_worse == can_be_worse]
        fits = [_fit(pair, speeds.get(_load(pair[0]))) for pair in family]
        found |= zip([id(old) for old, _ in family], _corrected(fits), strict=True)
    compared = [_judged(pair, found.get(id(pair[0])), threshold) for pair in pairs]
    controls = {_counterpart(one.old): one for one in compared if one.old.where.get(YARDSTICK) == BARE}
    return [_excused(one, controls.get(_counterpart(one.old)), threshold) for one in compared]


def _judged(pair: Pair, tested: _Tested | None, threshold: float) -> Compared:
    one = Compared(*pair, _change(*pair))
    if tested is not None:
        adjusted, difference = tested.fit.adjusted, tested.fit.difference
        at_speed = float(np.expm1(difference)) if adjusted else None
        one = replace(one, p=tested.p, at_speed=at_speed, least=tested.least)
    return replace(one, verdict=_verdict(one, threshold))


def _counterpart(figure: Figure) -> tuple[str, str, Value | None]:
    """What bare Sanic's figure of the same load and number of workers has in common with one of ours."""
    return figure.part, figure.name, figure.where.get("workers")


def _excused(one: Compared, control: Compared | None, threshold: float) -> Compared:
    """The same; or a little, if bare Sanic went that way as well and what is beyond it is under `threshold`.

    Memory and caches that others crowd are no CPU's speed, and slow it down, too. What must never happen is
    excused by nobody.
    """
    if control is None or control is one or one.verdict not in ("better", "worse"):
        return one
    if _NEVER.search(one.old.name):
        return one
    if not control.verdict.endswith(one.verdict) or one.judged is None or control.judged is None:
        return one
    if control.judged <= -1:  # nothing was left of it
        return one
    left = (1 + one.judged) / (1 + control.judged) - 1
    if left * one.judged > 0 and abs(left) >= threshold:
        return one
    return replace(one, verdict="a little better" if one.verdict == "better" else "a little worse")


def _load(figure: Figure) -> Key:
    """What was measured in one go."""
    return figure.part, figure.name.partition(", ")[0], frozenset(figure.where.items())


def middle(figure: Figure) -> float:
    """The geometric mean, which is what is tested; of a figure with zeros among its values the mean."""
    if min(figure.values) > 0:
        return float(np.exp(np.mean(np.log(figure.values))))
    return float(np.mean(figure.values))


def _testable(old: Figure, new: Figure) -> bool:
    return all(len(one.values) > 1 and min(one.values) > 0 for one in (old, new))


def _change(old: Figure, new: Figure) -> float | None:
    before, after = middle(old), middle(new)
    return after / before - 1 if before > 0 else 0.0 if after == 0 else None


def _verdict(one: Compared, threshold: float) -> Verdict:
    old, new, change, p = one.old, one.new, one.judged, one.p
    if _NEVER.search(old.name) and max(new.values) > max(old.values):
        return "worse"  # more of what must never happen is no noise
    if list(old.values) == list(new.values):
        return "within noise"
    if p is None or change is None:
        return "can't tell"
    if p > FALSE_DISCOVERIES or change == 0:
        return "within noise"
    if not old.can_be_worse:
        return "different"
    gained = (change > 0) == (old.better == "higher")
    if abs(change) < threshold:
        return "a little better" if gained else "a little worse"
    return "better" if gained else "worse"


def _fit(pair: Pair, speeds: Pair | None) -> _Fit:
    before, after = (np.log(figure.values) for figure in pair)
    around = np.concatenate([before - before.mean(), after - after.mean()])
    difference, weight = float(after.mean() - before.mean()), 1 / len(before) + 1 / len(after)
    plain = _Fit(difference, float(around @ around), len(around) - 2, weight, adjusted=False)
    if speeds is None or pair[0].is_cpu_speed or not _follow(pair, speeds):
        return plain
    earlier, later = (np.log(figure.values) for figure in speeds)
    x = np.concatenate([earlier - earlier.mean(), later - later.mean()])
    spread, apart = float(x @ x), float(later.mean() - earlier.mean())
    # Twice the speed is at most twice the rate, or little more: a slope is likely to be within one of none,
    # which counts for little where the speeds differ by more than the figure's own noise (ridge regression).
    known = spread + plain.scatter / plain.freedom
    if known < _NOTHING:
        return plain
    slope = float(around @ x) / known
    left = around - slope * x
    return _Fit(
        difference - slope * apart,
        float(left @ left),
        plain.freedom - 1,
        weight + apart**2 / known,
        adjusted=True,
    )


def _follow(pair: Pair, speeds: Pair) -> bool:
    """Whether the speed of each value is known, often enough to show what they owe to it."""
    return all(
        len(one.values) == len(speed.values) >= ENOUGH and min(speed.values) > 0
        for one, speed in zip(pair, speeds, strict=True)
    )


def _corrected(fits: Sequence[_Fit]) -> list[_Tested]:
    """Of each its p, by a moderated t-test and corrected for their number, and the least it could tell."""
    if not fits:
        return []
    freedom = np.array([one.freedom for one in fits])
    scatter = np.array([one.scatter for one in fits])
    own = scatter / freedom
    prior, usual = _prior(own, freedom)
    shrunk = np.full_like(own, usual) if np.isinf(prior) else (prior * usual + scatter) / (prior + freedom)
    error = np.sqrt(shrunk * np.array([one.weight for one in fits]))
    difference = np.array([one.difference for one in fits])
    # Without any noise at all a difference is certain, and none is none.
    t = np.divide(difference, error, out=np.where(difference == 0, 0.0, np.inf), where=error > 0)
    known = np.minimum(prior + freedom, freedom.sum())
    p = stats.false_discovery_control(2 * stats.t.sf(np.abs(t), known))
    least = np.expm1(stats.t.isf(FALSE_DISCOVERIES / 2, known) * error)
    return list(map(_Tested, fits, p.tolist(), least.tolist()))


def _prior(variances: Floats, freedom: Floats) -> tuple[float, float]:
    """Degrees of freedom that the usual variance counts for, and that variance, by moments (Smyth, 6.2)."""
    noisy = variances > _NOTHING
    if noisy.sum() < 2:
        return 0.0, 0.0
    half = freedom[noisy] / 2
    logs = np.log(variances[noisy]) - special.digamma(half) + np.log(half)
    excess = logs.var(ddof=1) - special.polygamma(1, half).mean()
    if excess <= special.polygamma(1, _MANY):  # as alike as the variances of one noise would be
        return np.inf, float(np.exp(logs.mean()))
    prior = optimize.brentq(lambda x: special.polygamma(1, x) - excess, 1e-6, _MANY)
    return float(2 * prior), float(np.exp(logs.mean() + special.digamma(prior) - np.log(prior)))


_MANY = 1e6
_NOTHING = 1e-18
"""Variances that rounding makes."""
