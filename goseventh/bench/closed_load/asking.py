"""What the users of a closed loop ask for, one request after another: each kind of saturating load.

Requests are whole bytes, made before the load begins.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from typing import NamedTuple, Protocol

from goseventh.bench.corpora import Corpus, Tournament
from goseventh.bench.open_load.schedule import Kind
from goseventh.bench.people import CREATED, MALFORMED, fresh_mark, terms
from goseventh.bench.wire import Site

OK = 200
TERMS = 2_000
# Of 91 people created, and each read back: what the tournament's whole load comes to.
MIX = {Kind.CREATE: 91, Kind.SEARCH: 16, Kind.NO_TERM: 7}


class Ask(NamedTuple):
    """One request, and what its answer has to be."""

    request: bytes
    status: int
    least: int
    """The fewest bytes of a body that can be right."""
    read_back: int = 0
    """If any: the person is read at the answer's Location, next on this connection, with so many bytes."""
    refusal: int | None = None
    """A status that may come instead, whereupon the user waits a moment."""


class Asking(Protocol):
    """A kind of load; pickled, and begun in the process that sends it."""

    def begin(self, site: Site) -> Iterator[Ask]:
        """What is asked for in turn; ends when there is no more."""


@dataclass(frozen=True, slots=True)
class Create:
    """People of the tournament's random kind, all valid and all new."""

    people: int
    seed: int
    answered_with_body: bool = True
    """False where a server may answer a creation with nothing but its Location."""
    refusal: int | None = None
    """A status with which a server may refuse a creation for the time being."""

    def begin(self, site: Site) -> Iterator[Ask]:
        return _creations(site, self, read_back=False)


@dataclass(frozen=True, slots=True)
class Read:
    """People by their paths, over and over; `least` bytes each."""

    paths: Sequence[tuple[str, int]]

    def begin(self, site: Site) -> Iterator[Ask]:
        return cycle([Ask(site.get(path), OK, least) for path, least in self.paths])


@dataclass(frozen=True, slots=True)
class Search:
    """The tournament's random terms."""

    seed: int

    def begin(self, site: Site) -> Iterator[Ask]:
        return _searches(site, self.seed)


@dataclass(frozen=True, slots=True)
class Mix:
    """The tournament's mix: creations, each read back, searches, and searches without a term."""

    creations: Create

    def begin(self, site: Site) -> Iterator[Ask]:
        seed = self.creations.seed
        none = cycle([Ask(site.get("/pessoas"), MALFORMED, 0)])
        sources = {
            Kind.CREATE: _creations(site, self.creations, read_back=True),
            Kind.SEARCH: _searches(site, seed),
            Kind.NO_TERM: none,
        }
        pattern = [kind for kind, count in MIX.items() for _ in range(count)]
        random.Random(f"mix {seed}").shuffle(pattern)
        return _taken(sources, pattern)


def _taken(sources: Mapping[Kind, Iterator[Ask]], pattern: Sequence[Kind]) -> Iterator[Ask]:
    """From the sources in the order of the pattern, until the first of them is empty."""
    for kind in cycle(pattern):
        ask = next(sources[kind], None)
        if ask is None:
            return
        yield ask


def _searches(site: Site, seed: int) -> Iterator[Ask]:
    return cycle([Ask(request, OK, len(b"[]")) for request in site.searches(islice(terms(seed), TERMS))])


def _creations(site: Site, asked: Create, *, read_back: bool) -> Iterator[Ask]:
    # Behind the nicknames, so that they fall anywhere among those there are.
    corpus = Corpus(partial(Tournament, suffix=fresh_mark().encode()), asked.people, asked.seed)
    # A document is `{"id":"`, the id, and the rest; what is sent is the same without the id.
    bodies = [b"{" + one.after.removeprefix(b'",') for batch in corpus.batches(8192) for one in batch]
    lengths = [len(body) for body in bodies]
    return iter(
        [
            Ask(
                request,
                CREATED,
                length if asked.answered_with_body else 0,
                length if read_back else 0,
                asked.refusal,
            )
            for request, length in zip(site.creations(bodies), lengths, strict=True)
        ]
    )
