"""Clients that ask for much and do not read it, or send much that nobody looks at yet."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest

from goseventh.unread import Unread
from tests import flood, impatient
from tests.serving import Server, until

FOUND = b"GET /pessoas?t=much HTTP/1.1\r\nHost: x\r\n\r\n"
MUCH = 3_000_000
LAST = b"GET /pessoas?t=much HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
POST = b"POST /pessoas HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n"
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


def test_whoever_closes_and_does_not_read_makes_room_too(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--max-connections", "8") as server:
        fill(server)
        with deaf(server, 8, LAST):
            sleep(1.5)
            assert flood.good_answers(server, 10, patience=2) == 10
        assert server.errors() == ""


def test_whoever_closes_has_as_long_to_read_as_others(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        fill(server)
        with deaf(server, 1, LAST) as (client,):
            sleep(6)  # Sanic itself gives 5
            assert read_whole(client)
        assert server.errors() == ""


@pytest.mark.parametrize("sent", [FOUND + HALF, FOUND * 2, LAST], ids=["half", "pipelined", "last"])
def test_a_stop_ends_whoever_does_not_read_without_a_word_in_the_log(tmp_path: Path, sent: bytes) -> None:
    with Server(tmp_path / "data") as server:
        fill(server)
        with deaf(server, 3, sent):
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
    for client in clients[:4]:
        assert unread.leaving
        unread.lost(client)
    assert not unread.leaving


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


@pytest.mark.parametrize(
    "packets",
    [[FOUND * 8], [FOUND[:-2], FOUND[-2:] + FOUND * 7], [POST, b"{}" + FOUND * 8]],
    ids=["one packet", "in a head", "in a body"],
)
def test_whatever_is_asked_ahead_a_worker_holds_no_more(tmp_path: Path, packets: list[bytes]) -> None:
    with Server(tmp_path / "data") as server:
        fill(server)
        (worker,) = server.workers()
        assert len(read_all(server, FOUND)) > MUCH  # what one search itself takes is there already
        before = memory(worker)
        with deaf(server, 60, packets[0]) as clients:
            sleep(0.3)
            for client in clients:
                for packet in packets[1:]:
                    client.sendall(packet)
            most = 0
            for _ in range(20):
                sleep(0.1)
                most = max(most, memory(worker) - before)
            assert server.count() == 50
            # An answer under way is there twice while it is made.
            assert most < (64 << 20) + 4 * MUCH
        assert server.errors() == ""


def test_a_stop_lets_whoever_has_asked_ahead_read_the_last_answer(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server, socket.socket() as client:
        assert server.create(apelido="much", stack=["q" * 32] * 1700).status == 201
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(20)
        client.connect(("127.0.0.1", server.port))
        asking = Thread(target=send_on, args=(client, FOUND * 8000))
        asking.start()
        received = client.recv(1 << 16)
        stopping = Thread(target=server.stop)
        stopping.start()
        with suppress(ConnectionResetError):
            while piece := client.recv(1 << 13):
                received += piece
                sleep(0.01)
        asking.join()
        stopping.join()
        heads = received.count(b"HTTP/1.1 200 ")
        assert received.count(b"Connection: close\r\n") == 1
        assert received.endswith(b"}]"), "the last answer is cut"
        assert heads > 1


def test_whoever_asks_much_in_one_go_lets_others_go_first(tmp_path: Path) -> None:
    times = 4000
    with Server(tmp_path / "data") as server, socket.socket() as greedy:
        server.create(apelido="much")
        greedy.connect(("127.0.0.1", server.port))
        received = bytearray()

        def ask() -> None:
            while received.count(b"HTTP/1.1 200 ") < times and (piece := greedy.recv(1 << 20)):
                received.extend(piece)

        asking = Thread(target=ask)
        asking.start()
        greedy.sendall(FOUND * times)
        until(lambda: len(received) > 0)
        assert server.count() == 1
        assert received.count(b"HTTP/1.1 200 ") < times // 2
        asking.join()
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


def send_on(client: socket.socket, sent: bytes) -> None:
    """Sends it, or as much as it may."""
    with suppress(OSError):
        client.sendall(sent)


def read_all(server: Server, sent: bytes) -> bytes:
    """All that is answered."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(1 << 20), b""))


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
