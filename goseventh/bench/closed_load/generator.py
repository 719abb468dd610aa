"""The load generator: users in a closed loop, each with one request outstanding, until the time is over.

Closed: a user asks again when it was answered, so the server is always saturated and never flooded, and
latency counts from when its request was sent. `python -m goseventh.bench.closed_load.generator` takes one job
after another from standard input; `saturation.py` starts it, in as many processes as it takes.

A rate is of the answers that came in the counted time. A latency is of each request that was *sent* in it,
whenever its answer came: those still under way at the end are the slowest.
"""

import asyncio
import gc
import math
import pickle
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import cast

import uvloop

from goseventh.bench.closed_load import answer
from goseventh.bench.closed_load.asking import Ask
from goseventh.bench.closed_load.job import GO, READY, Job, Outcome, histogram
from goseventh.bench.open_load.load import readable
from goseventh.bench.wire import Site
from goseventh.output import output

_WARM_SHARE = 0.15
"""Of the time, at its begin: what is answered then is checked, not counted. It lasts until everybody was
answered once: they all come at once, to a server that still has nobody else to answer."""
_PATIENCE_SECONDS = 10.0
_AGAIN_SECONDS = 0.02
_KEPT = 20_000
"""Created people at most whose paths are told."""


class Run:
    """One job under way: what its users share."""

    def __init__(self, job: Job, site: Site, asks: Iterator[Ask]) -> None:
        self.site, self.asks = site, asks
        self.outcome = Outcome()
        self.taken: list[float] = []
        """Seconds, of those who were sent in the counted time."""
        self.begun = time.perf_counter()
        self._warm_until = self.begun + job.seconds * _WARM_SHARE
        self._counted = job.seconds * (1 - _WARM_SHARE)
        self.counted_from = math.inf
        self.until = self.begun + job.seconds
        """When the load ends; before everybody was answered once, when it should have."""
        self.loop = asyncio.get_running_loop()
        self._cold = self.users = job.users
        self.over = asyncio.Event()

    def next(self, now: float) -> Ask | None:
        """What to ask for now; None when the time or the requests are over."""
        if not self._cold and now >= self.until:
            return None
        ask = next(self.asks, None)
        if ask is None:
            self.outcome.ran_out = True
            self.until = min(self.until, now)
        return ask

    def warmed(self, now: float) -> None:
        """One more user had its first answer, or none; the counted time begins behind the last of them."""
        self._cold -= 1
        if not self._cold and not self.outcome.ran_out:
            self.counted_from = max(now, self._warm_until)
            self.until = self.counted_from + self._counted

    def answered(self, sent: float, now: float) -> None:
        """A right answer to a request that was sent then."""
        if self.counted_from <= now <= self.until:
            self.outcome.answered += 1
        if self.counted_from <= sent <= self.until:
            self.taken.append(now - sent)

    def leave(self) -> None:
        self.users -= 1
        if not self.users:
            self.over.set()

    @property
    def seconds(self) -> float:
        """How long answers were counted."""
        return max(0.0, self.until - self.counted_from)


class User(asyncio.Protocol):
    """One connection at a time, and one request."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._received = b""
        self._ask: Ask | None = None
        self._next: Ask | None = None
        self._sent = 0.0
        self._here = self._cold = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._go_on()

    def data_received(self, data: bytes) -> None:
        if self._received:
            data = self._received + data
        try:
            found = answer.whole(data)
        except answer.Broken as error:
            self._fail(str(error))
            return
        if found is None:
            self._received = data
            return
        now = time.perf_counter()
        self._received = b""
        ask, run = self._ask, self._run
        if ask is None:
            self._fail("an answer that nobody asked for")
            return
        self._ask = None
        if self._cold:
            self._warm(now)
        if found.status == ask.refusal:
            run.outcome.refused += 1
            run.loop.call_later(_AGAIN_SECONDS, self._go_on)
            return
        if found.status != ask.status:
            run.outcome.wrong[f"status {found.status}, not {ask.status}"] += 1
        elif found.body < ask.least:
            run.outcome.wrong[f"a body of {found.body} bytes, shorter than it can be"] += 1
        else:
            run.answered(self._sent, now)
            if ask.status == 201:
                self._created(ask, data)
        self._go_on()

    def connection_lost(self, error: Exception | None) -> None:
        if self._ask is not None:
            self._run.outcome.wrong["no answer: the connection was closed"] += 1
            self._ask = None
        self._received = b""
        now = time.perf_counter()
        if self._cold:
            self._warm(now)
        if self._here and now < self._run.until:
            self._run.loop.call_later(_AGAIN_SECONDS, self.connect)
        else:
            self.leave()

    def connect(self) -> None:
        """Comes, or comes again."""
        self._run.loop.create_task(self._connect())

    def leave(self) -> None:
        """Goes for good; a request without an answer by now is missing. Harmless when it has gone."""
        if self._here:
            self._here = False
            if self._ask is not None:
                self._run.outcome.wrong["no answer in time"] += 1
                self._ask = None
            self._run.leave()

    def _warm(self, now: float) -> None:
        self._cold = False
        self._run.warmed(now)

    async def _connect(self) -> None:
        try:
            await self._run.loop.create_connection(lambda: self, self._run.site.host, self._run.site.port)
        except OSError as error:
            self._run.outcome.wrong[f"no connection: {error.strerror or error}"] += 1
            self.connection_lost(error)

    def _go_on(self) -> None:
        run = self._run
        now = time.perf_counter()
        if not self._here:
            self._transport.abort()
            return
        if self._ask is not None or self._transport.is_closing():
            return  # it waited to come again, and has a new connection by now or will
        ask = self._next or run.next(now)
        self._next = None
        if ask is None:
            self.leave()
            self._transport.abort()
            return
        self._ask = ask
        self._sent = now
        self._transport.write(ask.request)

    def _created(self, ask: Ask, received: bytes) -> None:
        path = answer.location(received)
        if not readable(path):
            self._run.outcome.wrong["a creation without a Location of the person"] += 1
            return
        self._run.outcome.acknowledged += 1
        created = self._run.outcome.created
        if len(created) < _KEPT:
            created.append((path, len(ask.request) - ask.request.find(b"\r\n\r\n") - 4))
        if ask.read_back:
            self._next = Ask(self._run.site.get(path), 200, ask.read_back)

    def _fail(self, why: str) -> None:
        self._run.outcome.wrong[why] += 1
        self._ask = None
        self._transport.abort()


async def _run(job: Job, site: Site, asks: Iterator[Ask]) -> Outcome:
    run = Run(job, site, asks)
    cpu = time.process_time()
    users = [User(run) for _ in range(job.users)]
    for user in users:
        user.connect()
    while not run.over.is_set():
        left = run.until + _PATIENCE_SECONDS - time.perf_counter()
        try:
            await asyncio.wait_for(run.over.wait(), max(0.0, left))
        except TimeoutError:
            # Unless everybody was answered once meanwhile, so that the end is now a later one.
            if time.perf_counter() >= run.until + _PATIENCE_SECONDS:
                for user in users:
                    user.leave()
    outcome = run.outcome
    outcome.cpu_seconds = time.process_time() - cpu
    outcome.busy_seconds = time.perf_counter() - run.begun
    outcome.seconds = run.seconds
    latencies = histogram()
    for microseconds, count in Counter(int(one * 1e6) for one in run.taken).items():
        latencies.record_value(microseconds, count)
    outcome.histogram = latencies.encode()
    return outcome


def main() -> None:
    """Each job in turn: says when it is prepared, begins when told, tells the outcome."""
    read, write = sys.stdin.buffer, output()
    while True:
        try:
            job: Job = pickle.load(read)
        except EOFError:
            return
        site = Site(job.url)
        asks = job.asking.begin(site)
        write.write(READY)
        write.flush()
        if read.readline() != GO:
            return
        gc.collect()
        gc.disable()  # a full collection over all these requests would be counted as the server's time
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            outcome = runner.run(_run(job, site, asks))
        gc.enable()
        pickle.dump(outcome, write)
        write.flush()


if __name__ == "__main__":
    main()
