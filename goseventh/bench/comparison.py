"""Whether one run's figures differ from another's, by more than their repeats do: pure functions.

Each figure's logarithms are compared by a moderated t-test (Smyth 2004, "Linear models and empirical Bayes
methods", as in the limma package): five repeats say little of a figure's own noise, so that is drawn towards
what all figures have. Of many figures some always look different; Benjamini and Hochberg's procedure keeps
those to one in a hundred of all that are called so. A rank test of five against five could never say
anything of fifty figures: its least p is 0.008.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from goseventh.bench.results import Figure

FALSE_DISCOVERIES = 0.01
"""Which share of all that is called better or worse may be neither."""

_NEVER = re.compile(r"^promised and lost$|^people missing$|\bwrong\b.* answers$")
"""Figures of which one is too many. What is lost within the promise is none: whom a crash hits is luck."""

Verdict = Literal[
    "better", "worse", "a little better", "a little worse", "different", "within noise", "can't tell"
]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of both runs."""

    old: Figure
    new: Figure
    change: float | None
    """Of the middle, as a share: 0.1 is a tenth more; None from or to zero."""
    p: float | None
    """Corrected for how many figures there are; None where nothing can be tested."""
    verdict: Verdict
    least: float | None = None
    """The least change that so many repeats with such noise could tell, as a share, uncorrected."""


def compare(pairs: Sequence[tuple[Figure, Figure]], threshold: float) -> list[Compared]:
    """All pairs. Worse, and better, need both: significance, and a change by `threshold` (0.1: a tenth)."""
    tested = [pair for pair in pairs if _testable(*pair)]
    found = dict(zip(map(id, (old for old, _ in tested)), _corrected(tested), strict=True))
    compared = []
    for old, new in pairs:
        change = _change(old, new)
        p, least = found.get(id(old), (None, None))
        compared.append(Compared(old, new, change, p, _verdict(old, new, change, p, threshold), least))
    return compared


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


def _verdict(old: Figure, new: Figure, change: float | None, p: float | None, threshold: float) -> Verdict:
    if _NEVER.search(old.name) and max(new.values) > max(old.values):
        return "worse"  # more of what must never happen is no noise
    if list(old.values) == list(new.values):
        return "within noise"
    if p is None or change is None:
        return "can't tell"
    if p > FALSE_DISCOVERIES or change == 0:
        return "within noise"
    if old.better == "neither":
        return "different"
    gained = (change > 0) == (old.better == "higher")
    if abs(change) < threshold:
        return "a little better" if gained else "a little worse"
    return "better" if gained else "worse"


def _corrected(pairs: Sequence[tuple[Figure, Figure]]) -> list[tuple[float, float]]:
    """Of each its p, by a moderated t-test and corrected for their number, and the least it could tell."""
    if not pairs:
        return []
    logs = [(np.log(old.values), np.log(new.values)) for old, new in pairs]
    freedom = np.array([len(a) + len(b) - 2.0 for a, b in logs])
    scatter = np.array([((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum() for a, b in logs])
    own = scatter / freedom
    prior, usual = _prior(own, freedom)
    shrunk = np.full_like(own, usual) if np.isinf(prior) else (prior * usual + scatter) / (prior + freedom)
    error = np.sqrt(shrunk * np.array([1 / len(a) + 1 / len(b) for a, b in logs]))
    difference = np.array([b.mean() - a.mean() for a, b in logs])
    # Without any noise at all a difference is certain, and none is none.
    t = np.divide(difference, error, out=np.where(difference == 0, 0.0, np.inf), where=error > 0)
    known = np.minimum(prior + freedom, freedom.sum())
    p = 2 * stats.t.sf(np.abs(t), known)
    least = np.expm1(stats.t.isf(FALSE_DISCOVERIES / 2, known) * error)
    return list(zip(stats.false_discovery_control(p).tolist(), least.tolist(), strict=True))


def _prior(variances: Floats, freedom: Floats) -> tuple[float, float]:
    """Degrees of freedom that the usual variance counts for, and that variance, by moments (Smyth, 6.2)."""
    noisy = variances > 0
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
