"""What each strategy promises, in both languages: a strategy's figure is never shown without it."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from goseventh.bench.bilingual import Text
from goseventh.bench.results import Promise

# As the Portuguese README has them. A window is a setting of the run.
_WINDOW = re.compile(r"\d+(\.\d+)? ms")
_PORTUGUESE = {
    "nothing": "nada",
    "a transaction shared with its neighbours is on disk": (
        "uma transação dividida com os vizinhos está em disco"
    ),
    "always, unless you know better": "sempre, a não ser que saiba de algo melhor",
    "its own transaction is on disk": "a sua própria transação está em disco",
    "to see what sharing a flush saves": "para ver o que dividir um flush economiza",
    "unique, and visible to every worker; on disk within {window}, or no more answers until it is": (
        "única, e visível a todo worker; em disco em {window}, ou ninguém mais é respondido até que esteja"
    ),
    "at most {window} of answers: the last that were given": (
        "no máximo {window} de respostas: as últimas que foram dadas"
    ),
    "the disk is slow, and a power cut may cost {window} of answers": (
        "o disco é lento, e uma queda de energia pode custar {window} de respostas"
    ),
    "valid, and free as far as this worker knows (UNSAFE)": (
        "válida, e livre até onde este worker sabe (INSEGURA)"
    ),
    "what waits in that worker, up to 1 s and a flush": ("o que espera naquele worker, até 1 s e um flush"),
    "the same; and a nickname taken meanwhile is dropped after its 201": (
        "o mesmo; e um apelido tomado nesse meio tempo é descartado depois do seu 201"
    ),
    "never for data that matters; to see what fast tournament entries do": (
        "nunca para dados que importam; para ver o que fazem os participantes rápidos do torneio"
    ),
}


class Promised(NamedTuple):
    """A strategy's row."""

    name: str
    created_means: Text
    kill_loses: Text
    power_cut_loses: Text
    choose_when: Text


def promised(strategies: Sequence[Promise]) -> list[Promised]:
    """The rows, in their order."""
    return [
        Promised(
            row.name,
            _both(row.created_means),
            _both(row.kill_loses),
            _both(row.power_cut_loses),
            _both(row.choose_when),
        )
        for row in strategies
    ]


def _both(english: str) -> Text:
    """A sentence that another version wrote, and this one does not know, stays English."""
    window = _WINDOW.search(english)
    known = _PORTUGUESE.get(_WINDOW.sub("{window}", english), english)
    return Text(english, known.format(window=window[0]) if window and known is not english else known)
