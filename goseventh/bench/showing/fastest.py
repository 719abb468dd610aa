"""Which strategy creates most, in plain words, as far as a run can tell. Pure functions."""

from collections.abc import Iterator, Mapping

from goseventh.bench.bilingual import Text, number, span
from goseventh.bench.comparing.comparison import compare
from goseventh.bench.results import Figure, Results
from goseventh.bench.showing.picked import creations, middle, under
from goseventh.bench.showing.tables import conditions


def fastest(results: Results) -> Iterator[Text]:
    """Who creates most, as far as the repeats can tell them from the next."""
    best = {
        row.name: max(found, key=middle)
        for row in results.strategies
        if (found := creations(results, row.name))
    }
    safe = {name: one for name, one in best.items() if _keeps_all(results, name)}
    other = {name: one for name, one in best.items() if name not in safe}
    for those, among in ((safe, _SAFE), (other, _UNSAFE)):
        if those:
            yield _first(those, among)


def _first(best: Mapping[str, Figure], among: Text) -> Text:
    who, *others = sorted(best, key=lambda name: -middle(best[name]))
    alike = [name for name in others if not _told_apart(best[name], best[who])]
    if not others:
        said = _ALONE
    elif not alike:
        said = _FASTEST
    else:
        said = _ONCE if len(best[who].values) == 1 else _NOT_FASTER
    return said.fill(
        among=among,
        who=who,
        speed=number(middle(best[who])),
        where=conditions(under(best[who])),
        others=", ".join(alike),
    )


def _told_apart(slower: Figure, faster: Figure) -> bool:
    """By the test with which two runs are compared."""
    [compared] = compare([(slower, faster)], 0.0)
    return compared.verdict == "better"


def sharing(results: Results) -> Iterator[Text]:
    """What sharing a flush saves, where a flush takes longest."""
    pairs = [
        (mine, middle(mine) / middle(other))
        for mine in creations(results, "group-commit")
        for other in creations(results, "per-request")
        if under(mine) == under(other) and middle(other) > 0
    ]
    longest = max((_flush(mine) for mine, _ in pairs), default=0.0)
    if ratios := [ratio for mine, ratio in pairs if _flush(mine) == longest]:
        yield _SHARING.fill(ratio=span(ratios), where=conditions([("flush_ms", longest)]))


def _flush(figure: Figure) -> float:
    return float(figure.where.get("flush_ms", 0))


def _keeps_all(results: Results, strategy: str) -> bool:
    row = next(row for row in results.strategies if row.name == strategy)
    return row.kill_loses == row.power_cut_loses == "nothing"


_SAFE = Text("that promise to lose nobody", "que prometem não perder ninguém")
_UNSAFE = Text("that may lose people", "que podem perder pessoas")
_FASTEST = Text(
    "Of the strategies {among}, {who} was the fastest: {speed} creations/s ({where}).",
    "Das estratégias {among}, {who} foi a mais rápida: {speed} criações/s ({where}).",
)
_ALONE = Text(
    "Of the strategies {among}, {who} alone was measured: {speed} creations/s ({where}).",
    "Das estratégias {among}, só {who} foi medida: {speed} criações/s ({where}).",
)
_NOT_FASTER = Text(
    "Of the strategies {among}, {who} had most, {speed} creations/s ({where}), but the repeats do not tell"
    " it from {others}.",
    "Das estratégias {among}, {who} teve mais, {speed} criações/s ({where}), mas as repetições não a"
    " distinguem de {others}.",
)
_ONCE = Text(
    "Of the strategies {among}, {who} had most, {speed} creations/s ({where}); measured once, that is no"
    " proof.",
    "Das estratégias {among}, {who} teve mais, {speed} criações/s ({where}); medido uma só vez, isso não"
    " prova nada.",
)
_SHARING = Text(
    "Sharing a flush made group-commit {ratio} times as fast as per-request ({where}), for the same promise.",
    "Dividir um flush fez o group-commit {ratio} vezes mais rápido que o per-request ({where}), pela mesma"
    " promessa.",
)
