"""All that a run sends, and when: made whole beforehand, so that the run spends no CPU on making it."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from goseventh.bench.open_load.schedule import Arrival, Kind, Plan, arrivals
from goseventh.bench.people import CREATED, Person, people, stored, terms
from goseventh.bench.wire import Site

READ_BACK = (0.001, 0.030)  # seconds after the 201: the tournament's pause, the same at every speed


@dataclass(frozen=True, slots=True)
class Script:
    """What is sent, by the arrivals' kind and index, with what is needed to judge the answers."""

    arrivals: Sequence[Arrival]
    requests: Mapping[Kind, Sequence[bytes]]  # whole HTTP requests
    pauses: Sequence[float]  # by a creation's index: seconds from its 201 to the read-back
    read: Callable[[str], bytes]  # the request for a path
    people: Sequence[Person]
    terms: Sequence[str]

    @property
    def stored(self) -> int:
        """How many people a right server keeps."""
        return stored(self.people)

    @property
    def body_bytes(self) -> int:
        """The JSON of the people who may be stored."""
        return sum(len(person.body) for person in self.people if person.status == CREATED)


def write(site: Site, plan: Plan, seed: int, speed: float, prefix: str) -> Script:
    """The script for a plan: the same arguments give the same bytes at the same moments."""
    due = arrivals(plan, seed, speed)
    counts = Counter(arrival.kind for arrival in due)
    sent = list(islice(people(seed, prefix), counts[Kind.CREATE]))
    asked = list(islice(terms(seed), counts[Kind.SEARCH]))
    rng = random.Random(f"pauses {seed}")
    return Script(
        arrivals=due,
        requests={
            Kind.CREATE: site.creations(person.body for person in sent),
            Kind.SEARCH: site.searches(asked),
            Kind.NO_TERM: [site.get("/pessoas")] * counts[Kind.NO_TERM],
        },
        pauses=[rng.uniform(*READ_BACK) for _ in sent],
        read=site.get,
        people=sent,
        terms=asked,
    )
