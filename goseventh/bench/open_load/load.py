"""The open load itself: every request leaves at its moment, whether or not earlier ones were answered.

One thread and one selector. `asyncio` timers tick in whole milliseconds and so does a selector's timeout;
many answers take less, so this loop sleeps in `select` on the selector's own descriptor, which wakes within
some 60 microseconds of its time.
"""

import gc
import heapq
import select
import selectors
import time
from collections import deque
from collections.abc import Callable

from goseventh.bench.open_load.client import Target, User
from goseventh.bench.open_load.exchange import Exchange
from goseventh.bench.open_load.schedule import Arrival, Kind
from goseventh.bench.open_load.script import Script

PEOPLE_PATH = "/pessoas/"


class Load:
    """One run of a script; `tick` is called every `tick_seconds` from within the loop, so keep it short."""

    def __init__(
        self,
        target: Target,
        script: Script,
        timeout: float,
        tick: Callable[["Load"], None],
        tick_seconds: float,
    ) -> None:
        self._target, self._script, self._timeout = target, script, timeout
        self._tick, self._tick_seconds = tick, tick_seconds
        self._selector = selectors.DefaultSelector()
        self._reads: list[tuple[float, int, User]] = []  # heap by due moment; the index breaks ties
        self._deadlines: deque[tuple[float, User, Exchange]] = (
            deque()
        )  # one timeout for all: in order already
        self.exchanges: list[Exchange] = []
        self.answered = 0  # finished one way or another
        self.started = 0.0

    def run(self) -> None:
        """Return once the last answer is in, or has been given up."""
        collecting = gc.isenabled()
        gc.collect()
        gc.disable()  # a full collection over all these objects would make requests leave late
        try:
            self._loop()
        finally:
            for key in list(self._selector.get_map().values()):
                key.data.close()
            self._selector.close()
            if collecting:
                gc.enable()

    def _loop(self) -> None:
        upcoming = deque(self._script.arrivals)
        ready = [self._selector.fileno()]  # epoll and kqueue have one
        clock = time.perf_counter
        self.started = next_tick = start = clock()
        while True:
            now = clock()
            while upcoming and start + upcoming[0].at <= now:
                self._launch(upcoming.popleft(), start)
                now = clock()
            while self._reads and self._reads[0][0] <= now:
                self._read_back(*heapq.heappop(self._reads))
                now = clock()
            while self._deadlines and (self._deadlines[0][0] <= now or self._deadlines[0][2].ended):
                _, user, exchange = self._deadlines.popleft()
                if not exchange.ended:
                    user.fail("gave up waiting")
            if now >= next_tick:
                self._tick(self)
                next_tick += self._tick_seconds
            if not upcoming and self.answered == len(self.exchanges) and not self._reads:
                self._tick(self)  # the last word, before the clearing up
                return
            wakeups = [next_tick]
            if upcoming:
                wakeups.append(start + upcoming[0].at)
            if self._reads:
                wakeups.append(self._reads[0][0])
            if self._deadlines:
                wakeups.append(self._deadlines[0][0])
            select.select(ready, (), (), max(0.0, min(wakeups) - clock()))
            for key, mask in self._selector.select(0):
                key.data.ready(mask)

    def _launch(self, arrival: Arrival, start: float) -> None:
        request = self._script.requests[arrival.kind][arrival.number]
        exchange = Exchange(arrival.kind, arrival.number, start + arrival.at)
        self._send(User(self._target, self._selector, self._after), exchange, request)

    def _read_back(self, due: float, index: int, user: User) -> None:
        request = self._script.read(user.exchange.location)
        self._send(user, Exchange(Kind.READ, index, due), request)

    def _send(self, user: User, exchange: Exchange, request: bytes) -> None:
        self.exchanges.append(exchange)
        self._deadlines.append((time.perf_counter() + self._timeout, user, exchange))
        user.send(exchange, request)

    def _after(self, user: User) -> None:
        """An exchange has ended: its user reads back what it created, or leaves."""
        exchange = user.exchange
        self.answered += 1
        if exchange.kind is Kind.CREATE and exchange.created and readable(exchange.location):
            due = exchange.done + self._script.pauses[exchange.index]
            heapq.heappush(self._reads, (due, exchange.index, user))
        else:
            user.close()


def readable(location: str) -> bool:
    """Whether a Location can be put into a request line at all; anything else is left to the verdict."""
    return (
        location.startswith(PEOPLE_PATH)
        and location.isascii()
        and location.isprintable()
        and " " not in location
    )
