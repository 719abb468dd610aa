"""All that a report shows, put together: what both the page and the Markdown are written from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from goseventh.bench.bilingual import UNITS, Text, bare, joined, number, quantity, same
from goseventh.bench.results import OWN, Machine, Results
from goseventh.bench.showing import summary, tables, words
from goseventh.bench.showing.groups import Group, entities, grouped
from goseventh.bench.showing.palette import Mark, marks
from goseventh.bench.showing.promises import Promised, promised
from goseventh.bench.showing.tables import Table
from goseventh.bench.showing.warnings import by_part


@dataclass(frozen=True, slots=True)
class Shown:
    """A group with its words and its table."""

    group: Group
    title: Text
    sentence: Text
    table: Table
    whos: Sequence[str]
    others: Text
    """The percentiles but the last, which is drawn in full."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the benchmark."""

    part: str
    title: Text
    about: Text | None
    promises: Sequence[Promised]
    """Of the strategies that it names."""
    warnings: Sequence[Text]
    """Of its figures."""
    shown: Sequence[Shown]


@dataclass(frozen=True, slots=True)
class View:
    """A whole report."""

    results: Results
    external: bool
    """Whether somebody else's server was measured, of which nothing is promised here."""
    warnings: Sequence[Text]
    """Of the whole run."""
    marks: dict[str, Mark]
    promises: Sequence[Promised]
    summaries: Sequence[summary.Summary]
    verdicts: Sequence[Text]
    sections: Sequence[Section]
    facts_of: Text
    """What the facts are of: not what was measured, where somebody else's server was."""
    facts: Sequence[tuple[Text, Text]]
    workers: Sequence[str]


def view(results: Results) -> View:
    """Of these results."""
    promises = promised(results.strategies)
    shown = [_shown(group) for group in grouped(results)]
    warnings = by_part(results)
    sections = []
    parts = dict.fromkeys([*(one.group.part for one in shown), *filter(None, warnings)])
    for part in parts:
        members = [one for one in shown if one.group.part == part]
        named = {who for one in members for who in one.whos}
        named_here = [row for row in promises if row.name in named]
        about, warned = words.ABOUT.get(part), warnings.get(part, [])
        sections.append(Section(part, words.part(part), about, named_here, warned, members))
    workers = {row.workers for one in shown for row in one.table.rows if row.workers}
    return View(
        results=results,
        external=results.target != OWN,
        warnings=warnings.get("", []),
        marks=marks(entities(results)),
        promises=promises,
        summaries=summary.summaries(results),
        verdicts=summary.verdicts(results),
        sections=sections,
        facts_of=_MEASURED_ON if results.target == OWN else _SENT_FROM,
        facts=list(_facts(results)),
        workers=sorted(workers, key=float),
    )


def _shown(group: Group) -> Shown:
    title = words.name(group.name)
    if group.unit not in _COUNTED:
        title = joined([title, UNITS.get(group.unit, same(group.unit))])
    title = Text(title.en[0].upper() + title.en[1:], title.pt[0].upper() + title.pt[1:])
    if group.axis is not None:
        title = joined([title, words.key(group.axis)], " / ")
    whos = dict.fromkeys(curve.entity for panel in group.panels for curve in panel.curves)
    others = joined([words.name(rank) for rank in group.ranks[:-1]])
    return Shown(group, title, _sentence(group), tables.table(group), list(whos), others)


def _sentence(group: Group) -> Text:
    """Where the least and the most are."""
    found = [
        (group.summed_up(point), curve, point.x, panel)
        for panel in group.panels
        for curve in panel.curves
        for point in curve.points
    ]

    def told(one: tuple[float, object, object, object]) -> Text:
        value, curve, x, panel = next(row for row in found if row is one)
        places = [words.value(curve.entity), *([words.name(curve.rank)] if curve.rank else [])]
        if (title := tables.title(group, panel)) is not None:
            places.append(title)
        if x is not None and group.axis is not None:
            places.append(tables.conditions([(group.axis, x)]))
        return Text("{value} ({where})", "{value} ({where})").fill(
            value=bare(value, group.unit), where=joined(places)
        )

    least, most = min(found, key=lambda one: one[0]), max(found, key=lambda one: one[0])
    if least[0] < most[0]:
        filled = _RANGE.fill(least=told(least), most=told(most))
    elif len(found) == 1:
        filled = _ONE.fill(least=told(least))
    else:
        filled = _SAME.fill(least=bare(least[0], group.unit))
    common = tables.shared(group)
    if not common:
        return filled
    return Text("{text} All of it: {where}.", "{text} Em tudo: {where}.").fill(
        text=filled, where=tables.conditions(common)
    )


_COUNTED = ("people", "count")
"""Units of figures whose name already says what is counted."""
_ONE = Text("{least}.", "{least}.")
_SAME = Text("All are {least}.", "Todos são {least}.")
_RANGE = Text("From {least} to {most}.", "De {least} a {most}.")


def _facts(results: Results) -> Iterator[tuple[Text, Text]]:
    """The machine and the settings, a line each; of a machine that only sent the load, no more than that."""
    machine = results.machine
    yield Text("CPU", "CPU"), same(f"{machine.cpus} × {machine.cpu}")
    yield Text("memory", "memória"), quantity(machine.memory_bytes, "bytes")
    if results.target == OWN:
        yield from _of_servers(machine)
    yield Text("kernel", "kernel"), same(machine.kernel)
    yield same("Python"), same(machine.python)
    if results.target == OWN:
        packages = ", ".join(f"{name} {one}" for name, one in machine.packages.items())
        yield Text("packages", "pacotes"), same(packages)
    yield (
        Text("settings", "configuração"),
        same(", ".join(f"{name} {one}" for name, one in results.settings.items())),
    )


def _of_servers(machine: Machine) -> Iterator[tuple[Text, Text]]:
    """What servers that were started here wrote to and were held to."""
    disk, limits = machine.disk, machine.limits
    kind = Text("{kind}, in memory", "{kind}, em memória") if disk.in_memory else same("{kind}")
    flush = Text(
        "{kind}; a flush takes {p50} ms (p50), {p99} ms (p99)",
        "{kind}; um flush leva {p50} ms (p50), {p99} ms (p99)",
    ).fill(
        kind=kind.fill(kind=disk.directory_kind),
        p50=number(disk.flush_ms.p50),
        p99=number(disk.flush_ms.p99),
    )
    if (after := disk.flush_ms_after) is not None:
        flush = Text(
            "{before} before the run; {p50} ms and {p99} ms after it",
            "{before} antes da rodada; {p50} ms e {p99} ms depois dela",
        ).fill(before=flush, p50=number(after.p50), p99=number(after.p99))
    yield Text("disk", "disco"), flush
    held = []
    if limits.cpus is not None:
        held.append(Text("{number} CPUs", "{number} CPUs").fill(number=number(limits.cpus)))
    if limits.memory_bytes is not None:
        held.append(quantity(limits.memory_bytes, "bytes"))
    if limits.held_by is not None:
        held.append(same(limits.held_by))
    elif held or limits.why_not:
        held.append(_NOT_HELD.fill(why=limits.why_not or "?"))
    yield _LIMITS, joined(held) if held else Text("none", "nenhum")


_MEASURED_ON = Text("Measured on", "Medido em")
_SENT_FROM = Text("Load sent from", "Carga enviada de")
_LIMITS = Text("limits of the servers", "limites dos servidores")
_NOT_HELD = Text("asked for but NOT held: {why}", "pedidos mas NÃO impostos: {why}")
