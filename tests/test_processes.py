"""Processes that die or are told to stop, under load; tests/proof kills them many times over."""

import errno
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from threading import Event, Thread
from time import sleep

import pytest

from goseventh import cpus
from goseventh.bench.crash.load import Load
from tests.discreet import assert_discreet
from tests.load import assert_kept
from tests.serving import ROOT, Server, alive, until
from tests.storage.disk import FaultyDisk


def test_a_killed_worker_is_replaced_and_the_others_never_notice(server: Server) -> None:
    load = Load(server, "")
    with load.running():
        for _ in range(3):
            before = server.workers()
            enough = len(load.acknowledged) + 100
            until(lambda enough=enough: len(load.acknowledged) > enough)  # type: ignore[misc]
            victim = min(before)
            os.kill(victim, signal.SIGKILL)
            server.wait_for_workers(1, other_than=before)
    assert load.others == []
    assert len(server.workers()) == 2
    assert_kept(server, load.acknowledged, load.unanswered)


def test_no_worker_survives_a_killed_main_process(server: Server) -> None:
    workers = server.workers()
    assert len(workers) == 2
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    until(lambda: not any(map(alive, workers)))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_under_kept_alive_load_answers_everyone(server: Server, number: signal.Signals) -> None:
    load = Load(server, "")
    with load.running():
        until(lambda: len(load.acknowledged) > 300)
        server.process.send_signal(number)
        assert server.process.wait(20) == 0
        # From here on connections are refused; whoever was connected had an answer to each request.
        load.stopped.set()
    assert load.others == []
    with Server(server.directory) as again:
        # Who was refused before connecting counts as unanswered, but nobody of them can be there.
        assert_kept(again, load.acknowledged, 0)


def test_a_stop_in_front_of_a_slow_disk_is_orderly(directory: Path) -> None:
    """Who waits when the time to stop is over is refused, and is not written after all.

    But who was being written just then may be there.
    """
    flags = ("--strategy", "per-request", "--emulate-flush-ms", "100")
    with Server(directory, *flags) as server:
        load = Load(server, "", limit=1)
        with load.running(clients=80):
            until(lambda: load.acknowledged)
            assert server.stop() == 0
        assert load.unanswered == 0
        assert {reply.status for reply in load.others} == {503}
    with Server(directory) as again:
        assert_kept(again, load.acknowledged, 5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_of_the_whole_group_under_new_connections_answers_whoever_got_in(
    server: Server, number: signal.Signals
) -> None:
    """As a terminal stops what runs in it, and with a connection for each request."""
    stopped = Event()
    cut: list[BaseException] = []

    def client() -> None:
        while not stopped.is_set():
            with suppress(ConnectionRefusedError):
                try:
                    assert server.request("GET", "/contagem-pessoas").status == 200
                except ConnectionRefusedError:
                    raise
                except (OSError, HTTPException) as error:
                    cut.append(error)

    threads = [Thread(target=client) for _ in range(6)]
    for thread in threads:
        thread.start()
    until(lambda: server.count() == 0)
    for pid in [*server.workers(), server.process.pid]:
        os.kill(pid, number)
    assert server.process.wait(20) == 0
    stopped.set()
    for thread in threads:
        thread.join()
    assert not cut


def test_a_stop_waits_for_the_request_of_whoever_has_just_connected(tmp_path: Path) -> None:
    def is_answered() -> bool:
        with Server(tmp_path / "data") as server, socket.create_connection(("127.0.0.1", server.port)) as raw:
            server.process.send_signal(signal.SIGTERM)
            sleep(0.4)  # by now the others have had their farewell
            with suppress(OSError):
                raw.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
                return raw.recv(65536).startswith(b"HTTP/1.1 200 ")
            return False

    assert any(is_answered() for _ in range(3))  # a machine under load may take a second between two lines


def test_a_worker_stopped_alone_leaves_the_door_open(tmp_path: Path) -> None:
    with Server(tmp_path / "data", workers=1) as server:
        before = server.workers()
        os.kill(min(before), signal.SIGTERM)
        server.wait_for_workers(1, other_than=before)
        assert server.count() == 0


def test_an_unfinished_request_is_refused_at_a_stop(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
        raw.sendall(b"POST /pessoas HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
        assert server.count() == 0  # by now it has been read
        assert server.stop() == 0
        answer = raw.recv(65536)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After" in answer


def test_deadlines_survive_a_rush_of_connections(directory: Path) -> None:
    with Server(directory, "--idle-timeout", "1") as server:
        for _ in range(2000):
            socket.create_connection(("127.0.0.1", server.port)).close()
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as idle:
            assert idle.recv(1) == b""


def test_a_child_that_is_no_worker_is_reaped_and_forgotten(directory: Path) -> None:
    """As process 1 of a container, or behind `sh -c 'other & exec goseventh serve'`."""
    command = [sys.executable, "-m", "goseventh", "serve", "--port", "0", "--data-dir", str(directory)]
    script = 'sleep 0.5 & exec "$@"'
    with subprocess.Popen(
        ["sh", "-c", script, "sh", *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as main:
        assert main.stdout is not None
        assert b"listens" in main.stdout.readline()
        children = Path(f"/proc/{main.pid}/task/{main.pid}/children")
        workers = cpus.best_workers()
        until(lambda: len(children.read_text().split()) == workers)
        main.terminate()
        assert main.wait(20) == 0


def test_a_second_signal_ends_at_once(server: Server) -> None:
    connection = server.connect()
    # A request that never comes whole keeps the first stop waiting.
    connection.putrequest("POST", "/pessoas")
    connection.putheader("Content-Length", "10")
    connection.endheaders(b"{")
    assert server.count() == 0
    server.process.send_signal(signal.SIGTERM)
    until(lambda: refuses(server))
    assert server.process.poll() is None
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(20) == 128 + signal.SIGTERM
    connection.close()


def refuses(server: Server) -> bool:
    try:
        server.talk(b"")
    except OSError:
        return True
    return False


@pytest.mark.parametrize("moment", range(5))
def test_a_stop_at_any_moment_of_the_start_is_orderly(directory: Path, moment: int) -> None:
    with Server(directory, workers=2) as server:
        if moment:
            victim = min(server.workers())
            os.kill(victim, signal.SIGKILL)
            until(lambda: not alive(victim), pause=0.001)  # or the stop itself would meet a failure
            Event().wait(moment * 0.01)  # its successor starts as the stop comes
        assert server.stop() == 0


@pytest.mark.debian("cc")
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("flush", errno.EIO),
        ("flush", errno.ENOSPC),
        ("write", errno.EIO),
        ("meta", errno.EIO),
        ("meta", errno.ENOSPC),
    ],
)
def test_a_commit_that_fails_ends_the_worker_and_loses_nobody(
    directory: Path, tmp_path: Path, kind: str, code: int
) -> None:
    disk = FaultyDisk(tmp_path)
    with Server(directory, workers=2, **disk.variables) as server:
        load = Load(server, "")
        with load.running():
            until(lambda: len(load.acknowledged) > 100)
            before = server.workers()
            with disk.failing(kind, code):
                until(lambda: load.others)
                until(lambda: server.workers() != before)
            enough = len(load.acknowledged) + 100
            until(lambda: len(load.acknowledged) > enough)
        assert {reply.status for reply in load.others} == {503}
        assert all(reply.headers["Retry-After"] for reply in load.others)
        for reply in load.others[:10]:
            assert_discreet(reply, server)
        assert '"nome"' not in server.errors()
        assert_kept(server, load.acknowledged, load.unanswered + len(load.others))


@pytest.mark.debian("cc")
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_refuses_and_reads_go_on(directory: Path, tmp_path: Path, code: int) -> None:
    disk = FaultyDisk(tmp_path)
    with Server(directory, workers=2, **disk.variables) as server:
        ana = server.create()
        workers = server.workers()
        with disk.failing("write", code):
            refused = server.create(apelido="bia")
            assert refused.status == 507
            assert_discreet(refused, server)
            assert server.request("GET", str(ana.headers["Location"])).body == ana.body
            assert server.request("GET", "/pessoas?t=ana").json == [ana.json]
            assert server.count() == 1
        assert server.create(apelido="bia").status == 201
        assert server.workers() == workers
