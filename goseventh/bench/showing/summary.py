"""The run in plain words: a row for each strategy, and what one can conclude. Pure functions.

Each line needs certain figures; where those were not measured it is not said.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from goseventh.bench.bilingual import Text, number, span
from goseventh.bench.parts import beside
from goseventh.bench.results import Figure, Results
from goseventh.bench.showing import words
from goseventh.bench.showing.fastest import fastest, sharing
from goseventh.bench.showing.picked import creations, middle, of, under
from goseventh.bench.showing.tables import conditions

BARE = "bare"
"""Sanic without our code."""
LOST = "acknowledged and lost"
"""The figure of the crashes: people who were answered with a 201 and were gone."""
WRONG = "wrong or missing answers"


@dataclass(frozen=True, slots=True)
class Summary:
    """What one strategy gives for its promise."""

    strategy: str
    speed: float | None
    """Creations/s over HTTP, or else in process, at the best of the measured conditions."""
    where: Text | None
    """Which those are, and from where to where it was over the repeats: the best of many is a lucky one."""
    lost: float | None
    """People at most, over all crashes; None where nothing was crashed."""


def summaries(results: Results) -> list[Summary]:
    """In the order of the strategies."""
    rows = []
    for row in results.strategies:
        best = max(creations(results, row.name), key=middle, default=None)
        lost = [max(one.values) for one in of(results, "crash", LOST, row.name)]
        where = _where(best) if best else None
        rows.append(Summary(row.name, middle(best) if best else None, where, max(lost, default=None)))
    return rows


def _where(figure: Figure) -> Text:
    where = conditions(under(figure))
    return where if len(figure.values) == 1 else _REPEATED.fill(where=where, span=span(figure.values))


def verdicts(results: Results) -> list[Text]:
    """One sentence each."""
    rules: tuple[Callable[[Results], Iterator[Text]], ...] = (
        fastest,
        sharing,
        _ceiling,
        _stored,
        _losses,
        _searches,
        _generator,
    )
    return [line for rule in rules for line in rule(results)]


def _ceiling(results: Results) -> Iterator[Text]:
    for name in ("creations", "reads"):
        bare = [one for one in results.figures if one.name == name and one.where.get("server") == BARE]
        ours = [
            one for one in results.figures if one.name == name and one.where.get("strategy") == "group-commit"
        ]
        ratios = [
            middle(own) / middle(top)
            for own in ours
            for top in bare
            if own.where.get("workers") == top.where.get("workers") and own.where.get("flush_ms", 0) == 0
            if own.part == top.part and middle(top) > 0
        ]
        if ratios:
            share = span([ratio * 100 for ratio in ratios])
            yield _CEILING.fill(what=words.name(name), share=share)


def _stored(results: Results) -> Iterator[Text]:
    for stored in (one for one in results.figures if (one.part, one.name) == ("tournament", "people stored")):
        who = str(stored.where.get("strategy", results.target))
        wrong = sum(
            max(one.values) for one in results.figures if one.name == WRONG and _same_run(one, stored)
        )
        what = _PART if _is_shortened(results) else _WHOLE
        yield _STORED.fill(what=what, who=who, people=number(min(stored.values)), wrong=number(wrong))


def _is_shortened(results: Results) -> bool:
    """Whether the tournament's load lasted less than it should."""
    return results.settings.get("depth") == "quick" or results.settings.get("shorten", "1") != "1"


def _same_run(one: Figure, other: Figure) -> bool:
    return one.part == other.part and other.where.items() <= one.where.items()


def _losses(results: Results) -> Iterator[Text]:
    rows = [row for row in summaries(results) if row.lost is not None]
    none = [row.strategy for row in rows if row.lost == 0]
    if none:
        crashes = [sum(len(one.values) for one in of(results, "crash", LOST, who)) for who in none]
        yield _NO_LOSS.fill(who=", ".join(none), crashes=span(crashes))
    for row in rows:
        if row.lost:
            yield _LOSS.fill(who=row.strategy, lost=number(row.lost))


def _searches(results: Results) -> Iterator[Text]:
    """Our slowest kind of term in the largest store, beside the others there."""
    found = [
        one
        for one in results.figures
        if one.part == "search" and one.name.startswith("search,") and "people" in one.where
    ]
    largest = max((float(one.where["people"]) for one in found), default=0)
    ours = [
        one
        for one in found
        if one.where["people"] == largest and one.where.get("contender", "goseventh") == "goseventh"
    ]
    middles = [one for one in ours if one.name.endswith(("p50", "median"))] or ours
    if middles:
        slowest = max(middles, key=middle)
        what = conditions([pair for pair in under(slowest) if pair[0] not in ("contender", "people")])
        yield _SLOWEST.fill(people=number(largest), time=number(middle(slowest)), what=what)


def _generator(results: Results) -> Iterator[Text]:
    """Whether the load generator is fast enough, where it was compared."""
    rates = {one.name: one.values for one in results.figures if one.name in (beside.OURS, beside.THEIRS)}
    if len(rates) > 1 and beside.tells(results.settings):
        reached = beside.share(rates[beside.OURS], rates[beside.THEIRS])
        said = _MET if reached >= beside.AIM else _MISSED
        yield said.fill(reached=number(reached * 100), aim=number(beside.AIM * 100), tool=beside.TOOL)


_REPEATED = Text("{where}; repeats: {span}", "{where}; repetições: {span}")
_CEILING = Text(
    "Of the {what} that bare Sanic answers, group-commit reaches {share} %.",
    "Das {what} que o Sanic nu responde, o group-commit alcança {share} %.",
)
_WHOLE = Text("the tournament", "No torneio")
_PART = Text("a part of the tournament", "Em uma parte do torneio")
_STORED = Text(
    "Through {what}, {who} stored {people} people; {wrong} answers were wrong or missing.",
    "{what}, {who} guardou {people} pessoas; {wrong} respostas foram erradas ou faltaram.",
)
_NO_LOSS = Text(
    "No crash lost anybody acknowledged by {who}, of {crashes} each.",
    "Nenhuma queda perdeu alguém confirmado por {who}, de {crashes} cada.",
)
_LOSS = Text(
    "A crash of {who} lost up to {lost} people who had been answered with a 201.",
    "Uma queda de {who} perdeu até {lost} pessoas que tinham recebido um 201.",
)
_SLOWEST = Text(
    "Among {people} people the slowest kind of search took {time} ms at the median ({what}).",
    "Entre {people} pessoas o tipo de busca mais lento levou {time} ms na mediana ({what}).",
)
_MET = Text(
    "The load generator reached {reached} % of {tool}'s rate on the same server; {aim} % is its aim: met.",
    "O gerador de carga alcançou {reached} % da taxa do {tool} no mesmo servidor; a meta é {aim} %:"
    " atingida.",
)
_MISSED = Text(
    "The load generator reached {reached} % of {tool}'s rate on the same server; {aim} % is its aim: missed.",
    "O gerador de carga alcançou {reached} % da taxa do {tool} no mesmo servidor; a meta é {aim} %: não"
    " atingida.",
)
