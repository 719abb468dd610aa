"""Many clients that send half a request each, and one that sends whole ones: `python -m tests.flood`."""

import contextlib
import http.client
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import orjson

from tests import unguarded
from tests.serving import Server, ask

FILES = 256
HALVES = {
    "nothing": b"",
    "half a head": b"GET /contagem-pessoas HTTP/1.1\r\nHost: x\r\nX: ",
    "half a body": b"POST /pessoas HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
    "chunks without the last CRLF": b"POST /pessoas HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\n{}\r\n0\r\n",
    "idle": b"GET /contagem-pessoas HTTP/1.1\r\nHost: x\r\n\r\n",
}


def few_files(module: str = "goseventh", number: int = FILES) -> tuple[str, ...]:
    """What runs a server that may open that many files."""
    return ("tests.few_files", str(number), module)


@contextlib.contextmanager
def flood(server: Server, half: bytes, count: int) -> Iterator[list[socket.socket]]:
    """That many connections, each of which has sent `half`."""
    open_ones: list[socket.socket] = []
    try:
        for _ in range(count):
            raw = socket.create_connection(("127.0.0.1", server.port), timeout=5)
            open_ones.append(raw)
            with contextlib.suppress(OSError):  # it may have been shed by now
                raw.sendall(half)
        yield open_ones
    finally:
        for raw in open_ones:
            raw.close()


def good_answers(server: Server, requests: int, patience: float) -> int:
    """How many of a good client's requests, half of them creations on new connections, get their answer."""
    answered = 0
    for number in range(requests):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=patience)
        person = {"apelido": f"good {time.monotonic_ns()}", "nome": "Ana", "nascimento": "2000-10-01"}
        try:
            if number % 2:
                answered += ask(connection, "POST", "/pessoas", orjson.dumps(person)).status == 201
            else:
                answered += ask(connection, "GET", "/contagem-pessoas").status == 200
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
    return answered


def main(requests: int = 50, connections: int = 400) -> int:
    """Prints how a good client fares with the guard and without it."""
    print(f"{connections} connections of each kind, one worker, {FILES} open files; good requests answered:")
    for name, program in (("with the guard", "goseventh"), ("without it", unguarded.PROGRAM)):
        with tempfile.TemporaryDirectory() as place:
            for kind, half in HALVES.items():
                with (
                    Server(Path(place) / kind, program=few_files(program)) as server,
                    flood(server, half, connections),
                ):
                    answered = good_answers(server, requests, patience=0.5)
                    print(f"  {name:15} {kind:28} {answered:3} of {requests}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
