"""The words for parts, figures and conditions; whatever has none here is shown by its own name."""

from goseventh.bench.bilingual import Text, number, same

PARTS = {
    "http": Text("Over HTTP", "Por HTTP"),
    "storage": Text("Writing alone, without HTTP", "Só a escrita, sem HTTP"),
    "tournament": Text("The tournament", "O torneio"),
    "search": Text("Search", "Busca"),
    "crash": Text("What a crash loses", "O que uma queda perde"),
    "startup": Text("Start and recovery", "Início e recuperação"),
    "memory": Text("Memory and disk", "Memória e disco"),
}
"""In the order of the report; other parts follow."""

ABOUT = {
    "http": Text(
        "64 users in a closed loop, so at saturation: each asks again as soon as it was answered. A latency"
        " counts from when its request left, and says no more than how many wait: users by rate.",
        "64 usuários em laço fechado, portanto em saturação: cada um pede de novo assim que foi respondido."
        " Uma latência conta desde a saída da requisição e só diz quantos esperam: usuários por taxa.",
    ),
    "storage": Text(
        "Creations in one process, until all of them are durable: what the strategies owe is paid.",
        "Criações em um só processo, até que todas estejam duráveis: o que as estratégias devem está pago.",
    ),
    "tournament": Text(
        "Open arrivals, on schedule whether or not earlier requests were answered.",
        "Chegadas abertas, no horário, respondidas ou não as requisições anteriores.",
    ),
    "search": Text("The first 50 people who contain a term.", "As primeiras 50 pessoas que contêm um termo."),
    "crash": Text(
        "People who were answered with a 201, and those of them who were gone afterwards, by the worst crash."
        " The load was small, of at most 8 clients and some hundred people, far from the speed at saturation"
        " that stands beside these losses. Where any are lost it is the last ones, for a time: so a loss"
        " grows with the rate, and at ten times the creations/s at the crash it may be ten times as large.",
        "Pessoas que receberam um 201, e quantas delas não estavam mais lá depois, pela pior queda. A carga"
        " era pequena, de no máximo 8 clientes e algumas centenas de pessoas, longe da velocidade em"
        " saturação que está ao lado destas perdas. Onde alguém se perde são os últimos, de um certo tempo:"
        " por isso a perda cresce com a taxa, e com dez vezes as criações/s na queda pode ser dez vezes"
        " maior.",
    ),
    "startup": Text(
        "How long until the first answer, each time on a copy of a store of so many people.",
        "Quanto demora até a primeira resposta, cada vez sobre uma cópia de um armazenamento com tantas"
        " pessoas.",
    ),
    "memory": Text(
        "What the whole process tree and the store take, by how many people there are.",
        "O que toda a árvore de processos e o armazenamento ocupam, por quantas pessoas há.",
    ),
}

_NAMES = {
    "wrong answers": Text("wrong answers", "respostas erradas"),
    "creations": Text("creations", "criações"),
    "create": Text("create", "criar"),
    "reads": Text("reads", "leituras"),
    "read": Text("read", "ler"),
    "searches": Text("searches", "buscas"),
    "search": Text("search", "buscar"),
    "no-term": Text("search without a term", "busca sem termo"),
    "requests": Text("requests", "requisições"),
    "mix": Text("the tournament's mix", "a mistura do torneio"),
    "latency": Text("latency", "latência"),
    "throughput": Text("throughput", "vazão"),
    "answers": Text("answers", "respostas"),
    "refused": Text("refused for the time being", "recusadas por enquanto"),
    "generator": Text("CPU of the load generator", "CPU do gerador de carga"),
    "CPU speed": Text(
        "the CPUs' speed (sums of a thousand squares)",
        "a velocidade das CPUs (somas de mil quadrados)",
    ),
    "ceiling": Text("the load generator's ceiling", "o teto do gerador de carga"),
    "people stored": Text("people stored", "pessoas guardadas"),
    "people missing": Text("people missing", "pessoas em falta"),
    "wrong or missing answers": Text("wrong or missing answers", "respostas erradas ou em falta"),
    "crashes": Text("crashes", "quedas"),
    "creations at the crash": Text("creations at the crash", "criações na queda"),
    "acknowledged": Text("people acknowledged", "pessoas confirmadas"),
    "acknowledged and lost": Text("acknowledged and lost", "confirmadas e perdidas"),
    "promised and lost": Text("lost though promised", "perdidas apesar da promessa"),
    "CPU": Text("CPU time", "tempo de CPU"),
    "memory": Text("memory (PSS)", "memória (PSS)"),
    "memory (PSS)": Text("memory (PSS)", "memória (PSS)"),
    "file": Text("file", "arquivo"),
    "index": Text("index", "índice"),
    "first answer": Text("time to the first answer", "tempo até a primeira resposta"),
    "first answer after kill -9": Text("first answer after kill -9", "primeira resposta depois de kill -9"),
    "people after kill -9": Text("people after kill -9", "pessoas depois de kill -9"),
    "max": Text("maximum", "máximo"),
    "median": Text("median", "mediana"),
}
_KEYS = {
    "strategy": Text("strategy", "estratégia"),
    "contender": Text("contender", "concorrente"),
    "server": Text("server", "servidor"),
    "workers": Text("workers", "workers"),
    "writers": Text("writers", "escritores"),
    "flush_ms": Text("added to each flush, ms", "acrescentado a cada flush, ms"),
    "people": Text("people in the store", "pessoas no armazenamento"),
    "corpus": Text("whose people", "pessoas de quem"),
    "load": Text("load", "carga"),
    "request": Text("request", "requisição"),
    "crash": Text("crash", "queda"),
    "term": Text("kind of term", "tipo de termo"),
    "clients": Text("clients", "clientes"),
    "connections": Text("connections", "conexões"),
    "seconds": Text("seconds", "segundos"),
}
_VALUES = {
    "fixed": Text("fixed answers", "respostas fixas"),
    "bare": Text("bare Sanic", "Sanic nu"),
    "postgresql": Text("PostgreSQL", "PostgreSQL"),
    "power cut": Text("power cut", "queda de energia"),
    "nothing kept": Text("nothing kept", "nada guardado"),
    "half kept": Text("half kept", "metade guardada"),
    "all kept": Text("all kept", "tudo guardado"),
    "nobody searches": Text("nobody searches", "ninguém busca"),
    "searched without a pause": Text("searched without a pause", "com buscas sem pausa"),
    "kill -9": Text("kill -9", "kill -9"),
    "every process": Text("every process", "todos os processos"),
    "one worker": Text("one worker", "um worker"),
    "absent": Text("absent", "ausente"),
    "rare": Text("rare", "raro"),
    "common": Text("common", "comum"),
    "short": Text("short", "curto"),
    "spread": Text("spread", "espalhado"),
    "brazilian": Text("Brazilian names", "nomes brasileiros"),
    "create": Text("create", "criar"),
    "read": Text("read", "ler"),
    "search": Text("search", "buscar"),
    "search without term": Text("search without a term", "busca sem termo"),
    "short common": Text("short common", "curto comum"),
    "short rare": Text("short rare", "curto raro"),
    "whole name": Text("whole name", "nome inteiro"),
    "accented": Text("accented", "acentuado"),
    "fuzzy": Text("fuzzy", "parecido"),
    "worst": Text("the worst there is", "o pior que há"),
}


def name(word: str) -> Text:
    """A figure's or series' name, or a percentile's."""
    of, comma, rest = word.partition(", ")
    if comma:
        return Text("{of}, {rest}", "{of}, {rest}").fill(of=name(of), rest=name(rest))
    return _NAMES.get(word) or same(word)


def part(word: str) -> Text:
    return PARTS.get(word) or same(word)


def key(word: str) -> Text:
    """The name of a condition."""
    return _KEYS.get(word) or same(word.replace("_", " "))


def value(one: str | int | float) -> Text:
    """A condition's value. Round thousands and millions are short, so that they fit below an axis."""
    if isinstance(one, str):
        first, comma, rest = one.partition(", ")
        if comma:
            return Text("{first}, {rest}", "{first}, {rest}").fill(first=value(first), rest=value(rest))
        return _VALUES.get(one) or same(one)
    for size, sign in ((1_000_000, "M"), (1_000, "k")):
        if one >= 10_000 and one % (size // 10) == 0 and one >= size:
            return Text("{number}{sign}", "{number}{sign}").fill(number=number(one / size), sign=sign)
    return number(one)
