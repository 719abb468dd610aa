"""Clients that ask for much and do not read it, or send much that nobody looks at yet."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

from goseventh.unread import Unread
from tests import flood, impatient
from tests.serving import Server, until

FOUND = b"GET /pessoas?t=much HTTP/1.1\r\nHost: x\r\n\r\n"
MUCH = 3_000_000
HALF = b"GET /half HTTP/1.1\r\nX: "


def fill(server: Server) -> None:
    """Fifty people, whom one search answers in 3 MB: more than what the kernel takes for a slow reader."""
    for number in range(50):
        assert server.create(apelido=f"much {number}", nome="much", stack=["q" * 32] * 1800).status == 201


@contextmanager
def deaf(server: Server, count: int, sent: bytes = FOUND) -> Iterator[list[socket.socket]]:
    """So many clients that have sent this and read nothing."""
    with ExitStack() as stay:
        clients = []
        for _ in range(count):
            client = stay.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(20)
            client.connect(("127.0.0.1", server.port))
            client.sendall(sent)
            clients.append(client)
        yield clients


def test_sending_on_does_not_put_off_the_end_of_who_does_not_read(tmp_path: Path) -> None:
    with Server(tmp_path / "data", program=(impatient.PROGRAM,)) as server:
        fill(server)
        with deaf(server, 3, FOUND + HALF) as clients:
            ended = set[socket.socket]()
            deadline = monotonic() + 20
            while len(ended) < len(clients):
                assert monotonic() < deadline, "whoever drips may leave answers unread for ever"
                for client in clients:
                    try:
                        client.send(b"x")
                    except ConnectionError:
                        ended.add(client)
                sleep(0.1)
        assert server.errors() == ""


def test_whoever_does_not_read_makes_room_for_who_does(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--max-connections", "8") as server:
        fill(server)
        with deaf(server, 8, FOUND + HALF):
            sleep(1.5)  # a second is given to each
            assert flood.good_answers(server, 10, patience=10) == 10
        assert server.errors() == ""


def test_a_stop_ends_whoever_does_not_read_without_a_word_in_the_log(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        fill(server)
        with deaf(server, 3, FOUND + HALF):
            sleep(0.5)
            assert server.stop() == 0
        assert server.errors() == ""


class Fake:
    """A connection that knows whether it was ended."""

    def __init__(self) -> None:
        self.gone = False

    def abort(self) -> None:
        self.gone = True


def test_those_held_longest_go_as_soon_as_too_much_is_held() -> None:
    unread, clients = Unread(100), [Fake() for _ in range(5)]
    for client in clients[:3]:
        unread.hold(client, 30)
    unread.release(clients[0])
    unread.release(clients[0])
    unread.hold(clients[0], 40)
    assert not any(client.gone for client in clients)
    unread.hold(clients[3], 25)
    assert [client.gone for client in clients] == [False, True, False, False, False]
    unread.hold(clients[4], 1000)
    assert [client.gone for client in clients] == [True, True, True, True, False]


def read_whole(client: socket.socket) -> bool:
    """Whether its answer comes to its end."""
    received = 0
    try:
        while received < MUCH and (piece := client.recv(1 << 20)):
            received += len(piece)
    except ConnectionError:
        pass
    return received >= MUCH


def test_a_worker_holds_so_many_unread_bytes_and_no_more(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        fill(server)
        with deaf(server, 40) as clients:
            assert server.count() == 50
            whole = [read_whole(client) for client in clients]
        assert whole == sorted(whole), "whoever came first goes first"
        # All have 125 MB, of which the kernel took some.
        assert 10 <= sum(whole) <= 30
        assert server.errors() == ""


def test_what_is_sent_ahead_of_unread_answers_is_little(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        fill(server)
        with deaf(server, 1) as (client,):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            client.settimeout(1)
            ahead = 0
            with suppress(TimeoutError):
                while ahead < 4 << 20:
                    ahead += client.send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)
        assert ahead < 384 << 10, ahead
        assert server.errors() == ""


def test_a_body_in_tiny_chunks_takes_no_more_than_it_is_long(tmp_path: Path) -> None:
    sent = (
        b"POST /pessoas HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"2\r\n  \r\n" * 32_000
    )
    with Server(tmp_path / "data") as server:
        (worker,) = server.workers()
        before = memory(worker)
        with deaf(server, 8, sent):
            until(lambda: on_the_way(server.port) == 0)
            assert memory(worker) - before < 6 << 20
        assert server.errors() == ""


def on_the_way(port: int) -> int:
    """Bytes that were sent to this port, or are still to be, and were not received by its server."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    queues = [(row[1], row[2], *row[4].split(":")) for row in rows]
    end = f":{port:04X}"
    return sum(
        int(received, 16) * own.endswith(end) + int(unsent, 16) * other.endswith(end)
        for own, other, unsent, received in queues
    )


def memory(process: int) -> int:
    """Bytes that are its own."""
    status = Path(f"/proc/{process}/smaps_rollup").read_text()
    return int(status.split("Private_Dirty:")[1].split()[0]) << 10
