"""A run's warnings in both languages. A report keeps them in English; here is the Portuguese of each."""

import re
from collections.abc import Mapping

from goseventh.bench.bilingual import Text, portuguese
from goseventh.bench.results import Results

_PORTUGUESE = {
    "All was measured once: nobody knows how far a second time would be from it.": (
        "Tudo foi medido uma só vez: ninguém sabe a que distância ficaria uma segunda."
    ),
    "The data directories are in memory ({kind}): flushes cost nothing, and no figure of a write says"
    " anything about a disk.": (
        "Os diretórios de dados estão na memória ({kind}): um flush não custa nada, e nenhum número de"
        " escrita diz algo sobre um disco."
    ),
    "The servers were not limited: {why}.": "Os servidores não foram limitados: {why}.",
    "no control group could be made in {place}: {why}": "não se pôde criar um grupo de controle em"
    " {place}: {why}",
    "{part}: {wide} of {all} figures spread over more than {share} of their median. The tables mark them"
    " as wide: conclude nothing from those.": (
        "{part}: {wide} de {all} números se espalham por mais de {share} da sua mediana. As tabelas os"
        " marcam como largos: não conclua nada deles."
    ),
    "{part} ended early, for a reason that nobody foresaw: {why}.": (
        "{part} terminou antes, por um motivo que ninguém previu: {why}."
    ),
    "{part} ended early: {why}.": "{part} terminou antes: {why}.",
    "{who} the load generator shares CPUs with the server, and each takes time from the other.": (
        "{who} o gerador de carga divide CPUs com o servidor, e um tira tempo do outro."
    ),
    "{who} the server is bound to {bound} of the CPUs, for the load generator has its own: fewer than the"
    " {held} that it is held to.": (
        "{who} o servidor fica em {bound} das CPUs, pois o gerador de carga tem as suas: menos que as"
        " {held} que lhe cabem."
    ),
    "With {workers} workers": "Com {workers} workers",
    "With 1 worker": "Com 1 worker",
    "{where}: the load generator took more than {share} of its CPU, so this may be its own speed.": (
        "{where}: o gerador de carga tomou mais de {share} da sua CPU; isto talvez seja a velocidade dele."
    ),
    "{where}: there was nothing left to ask for before the time was over.": (
        "{where}: não restava o que pedir antes do fim do tempo."
    ),
    "The load generator reached {reached} of {tool}'s rate, less than the {aim} it should.": (
        "O gerador de carga alcançou {reached} da taxa do {tool}, menos que os {aim} que deveria."
    ),
    "This kernel can't hold swap: the servers may have had some beyond their memory.": (
        "Este kernel não limita swap: os servidores podem ter tido mais que a sua memória."
    ),
    "{count} processes of servers were killed, for they needed too much memory.": (
        "{count} processos de servidores foram mortos, pois precisavam de memória demais."
    ),
    "The server was not started here: what it runs on, and beside whom, is not known.": (
        "O servidor não foi iniciado aqui: em que máquina roda, e ao lado de quem, não se sabe."
    ),
    "{tool} is not installed, so the load generator was not compared with it.": (
        "{tool} não está instalado, e o gerador de carga não foi comparado com ele."
    ),
    "{where}: near the load generator's own ceiling of {ceiling}/s.": (
        "{where}: perto do teto do próprio gerador de carga, de {ceiling}/s."
    ),
    "{where}: {people} people were answered with 201 and not counted.": (
        "{where}: {people} pessoas receberam 201 e não foram contadas."
    ),
    "{where}: {count} wrong answers: {what}.": "{where}: {count} respostas erradas: {what}.",
    "startup: {where}: {stored} people of {of}, {more} more were created, and after a kill -9 there were"
    " {there}.": (
        "início: {where}: {stored} pessoas de {of}, mais {more} foram criadas, e depois de um kill -9"
        " havia {there}."
    ),
    "crash: power cuts were not measured, for {tool} is not installed.": (
        "quedas: quedas de energia não foram medidas, pois {tool} não está instalado."
    ),
    "crash: {where}: a promise was broken: {what}.": "quedas: {where}: uma promessa foi quebrada: {what}.",
    "search: {who} was not measured: {why}.": "busca: {who} não foi medido: {why}.",
    "the server could not be started: {why}": "o servidor não pôde ser iniciado: {why}",
    "tournament: not everybody was stored, or not every answer right: {what}.": (
        "torneio: nem todos foram guardados, ou nem toda resposta certa: {what}."
    ),
    "tournament: {what}.": "torneio: {what}.",
    "search: {what}.": "busca: {what}.",
    "requests left late (p99 {late} ms): latencies are the generator's, too": (
        "pedidos partiram atrasados (p99 {late} ms): as latências são também do gerador"
    ),
    "the generator took {share} of a core: it may be what was measured": (
        "o gerador tomou {share} de um núcleo: talvez ele seja o que foi medido"
    ),
}
"""By the English, whose `{names}` stand for anything; the first that fits counts."""


def _pattern(english: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", english)
    return re.compile("".join(f"(?P<{one}>.+)" if at % 2 else re.escape(one) for at, one in enumerate(parts)))


_PATTERNS = {_pattern(english): portuguese for english, portuguese in _PORTUGUESE.items()}

_NUMBER = re.compile(r"\d[\d,]*(\.\d+)?%?")


def both(sentence: str) -> Text:
    """A sentence that another version wrote, and this one does not know, stays English."""
    return Text(sentence, _portuguese(sentence))


def _portuguese(sentence: str) -> str:
    for pattern, translated in _PATTERNS.items():
        if found := pattern.fullmatch(sentence):
            return translated.format(**{name: _portuguese(one) for name, one in found.groupdict().items()})
    return portuguese(sentence) if _NUMBER.fullmatch(sentence) else sentence


def by_part(results: Results) -> Mapping[str, list[Text]]:
    """The warnings of each part; those of the whole run under the empty name."""
    found: dict[str, list[Text]] = {}
    for sentence in results.warnings:
        found.setdefault(results.about.get(sentence, ""), []).append(both(sentence))
    return found
