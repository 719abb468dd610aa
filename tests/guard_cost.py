"""What the guard costs per request: the same build with it and without it, in one run.

Without it Sanic's own parser reads heads, where with it one of ours does, so the difference is that between
the two, and deadlines and limits.

`python -m tests.guard_cost [ROUNDS]` serves both side by side and asks them in turns over kept-alive
connections. Compared is the CPU time of the worker, which the generator beside it does not change.
"""

import selectors
import socket
import statistics
import sys
import tempfile
from pathlib import Path

from tests import unguarded
from tests.serving import Server

CONNECTIONS = 32
REQUESTS = 8_000
ROUNDS = 12
_FIELDS = b"Host: 127.0.0.1:9999\r\nUser-Agent: measure\r\nAccept: */*\r\n"
_GET = b"GET %b HTTP/1.1\r\n" + _FIELDS + b"\r\n"
_POST = b"POST /pessoas HTTP/1.1\r\n" + _FIELDS + b"Content-Length: 2\r\n\r\n{}"


class Measured:
    """A running server and what asks it."""

    def __init__(self, server: Server) -> None:
        self._worker = min(server.workers())
        self._selector = selectors.DefaultSelector()
        for _ in range(CONNECTIONS):
            raw = socket.create_connection(("127.0.0.1", server.port))
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(raw, selectors.EVENT_READ)
        person = server.create(apelido="measured").headers["Location"]
        self.requests = {
            "read": _GET % person.encode(),
            "search": _GET % b"/pessoas?t=zzzz",
            "refused creation": _POST,
        }

    def round(self, request: bytes) -> float:
        """Microseconds of the worker's CPU time a request."""
        before = self._cpu()
        sockets = [key.fileobj for key in self._selector.get_map().values()]
        for raw in sockets:
            assert isinstance(raw, socket.socket)
            raw.sendall(request)
        sent, answered = len(sockets), 0
        while answered < REQUESTS:
            for key, _ in self._selector.select():
                raw = key.fileobj
                assert isinstance(raw, socket.socket)
                assert raw.recv(65536).startswith(b"HTTP/1.1 ")
                answered += 1
                if sent < REQUESTS:
                    raw.sendall(request)
                    sent += 1
        return (self._cpu() - before) / REQUESTS * 1e6

    def _cpu(self) -> float:
        fields = Path(f"/proc/{self._worker}/schedstat").read_text().split()
        return int(fields[0]) / 1e9


def main() -> int:
    """Prints the cost of each kind of request with the guard and without it, and the ratio."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as place:
        loose_place, strict_place = Path(place) / "loose", Path(place) / "strict"
        with Server(strict_place) as strict, Server(loose_place, program=(unguarded.PROGRAM,)) as loose:
            with_guard, without = Measured(strict), Measured(loose)
            print(f"{rounds} rounds of {REQUESTS:,} requests, {CONNECTIONS} connections, one worker each")
            for kind in with_guard.requests:
                pairs = []
                for number in range(rounds + 1):
                    both = [with_guard, without] if number % 2 else [without, with_guard]
                    costs = {one: one.round(one.requests[kind]) for one in both}
                    pairs.append((costs[with_guard], costs[without]))
                del pairs[0]  # warming up
                guarded, bare = (statistics.median(side) for side in zip(*pairs, strict=True))
                ratio = statistics.median(one / other for one, other in pairs)
                print(
                    f"  {kind:17} {guarded:6.1f} µs with the guard, {bare:6.1f} µs without it: "
                    f"{(ratio - 1) * 100:+.1f} %",
                    flush=True,
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
