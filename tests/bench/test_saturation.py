"""The load generator counts what is wrong, on real sockets, and knows when its figures mean little."""

import asyncio
import fcntl
import json
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from goseventh.bench.closed_load import answer
from goseventh.bench.closed_load.asking import Create, Mix, Read, Search
from goseventh.bench.closed_load.saturation import Generators
from goseventh.bench.machine import filesystem
from goseventh.bench.processes.cores import place
from tests.serving import until

from .stub import Answer, Stub, problem

SECONDS = 0.3
USERS = 4
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n"


@pytest.fixture(scope="module")
def generators() -> Iterator[Generators]:
    with Generators([{0}, {0}], {0}) as two:
        yield two


def test_a_right_server_is_right(generators: Generators) -> None:
    with Stub() as stub:
        created = generators.saturate(stub.url, [Create(5_000, 1)], SECONDS, USERS)
        assert (created.wrong, len(stub.people)) == ({}, len(created.created))
        # Everybody is counted who came, but only those of the counted time make the rate.
        assert 0 < created.answered < created.acknowledged == len(stub.people)
        assert created.per_second == pytest.approx(created.answered / (SECONDS * 0.85))
        assert 0 < created.p50 <= created.p99
        read = generators.saturate(stub.url, [Read(created.created)], SECONDS, USERS)
        assert (read.wrong, read.answered > 0) == ({}, True)
        assert generators.saturate(stub.url, [Search(1)], SECONDS, USERS).wrong == {}
        assert generators.saturate(stub.url, [Mix(Create(5_000, 2))], SECONDS, USERS).wrong == {}


class Refuses(Stub):
    def create(self, body: bytes) -> Answer | None:
        return problem(503)


class Truncates(Stub):
    def keep(self, person: dict[str, object]) -> Answer:
        status, headers, body = super().keep(person)
        return status, headers, body[:20]


class Unlocated(Stub):
    def keep(self, person: dict[str, object]) -> Answer:
        status, headers, body = super().keep(person)
        return status, {key: value for key, value in headers.items() if key != "Location"}, body


class Hangs(Stub):
    def create(self, body: bytes) -> Answer | None:
        json.loads(body)
        raise ConnectionError


@pytest.mark.parametrize(
    ("defective", "what"),
    [
        (Refuses, "status 503, not 201"),
        (Truncates, "a body of 20 bytes, shorter than it can be"),
        (Unlocated, "a creation without a Location of the person"),
        (Hangs, "no answer: the connection was closed"),
    ],
)
def test_each_wrong_answer_is_counted_by_what_it_is(
    generators: Generators, defective: Callable[[], Stub], what: str
) -> None:
    with defective() as stub:
        found = generators.saturate(stub.url, [Create(5_000, 1)], SECONDS, USERS)
    assert set(found.wrong) == {what}
    assert found.wrong[what] > 0


def test_nobody_there_is_wrong_too(generators: Generators) -> None:
    with Stub() as stub:
        url = stub.url
    found = generators.saturate(url, [Search(1)], SECONDS, USERS)
    assert found.answered == 0
    assert all(what.startswith("no connection") for what in found.wrong)
    assert found.wrong


class Sleeps(Stub):
    """Answers late, and all of them equally."""

    seconds = SECONDS * 1.5

    async def admit(self, method: str) -> None:
        await asyncio.sleep(self.seconds)


class Dozes(Sleeps):
    seconds = SECONDS / 10


def test_who_is_still_under_way_at_the_end_is_not_left_out(generators: Generators) -> None:
    with Sleeps() as stub:
        slow = generators.saturate(stub.url, [Create(100, 1)], SECONDS, USERS)
    assert slow.latencies > 0
    assert slow.p50 >= Sleeps.seconds * 1000 * 0.99  # the histogram's digits
    with Dozes() as stub:
        found = generators.saturate(stub.url, [Create(1_000, 1)], SECONDS * 2, USERS)
    # Little's law, as far as a few rounds of all users together can show it.
    assert found.per_second * found.p50 / 1000 == pytest.approx(USERS, rel=0.5)


def test_requests_that_end_early_end_the_measure(generators: Generators) -> None:
    with Stub() as stub:
        found = generators.saturate(stub.url, [Create(40, 1)], 5.0, USERS)
        enough = generators.saturate(stub.url, [Search(1)], SECONDS, USERS)
    assert len(found.created) == found.acknowledged == 80  # forty of each process
    assert found.wrong == {}
    assert (found.per_second, found.answered, found.ran_out) == (0, 0, True)  # long before the warm-up's end
    assert not enough.ran_out


class Busy(Stub):
    """Refuses every other creation for the time being."""

    asked = 0

    def create(self, body: bytes) -> Answer | None:
        self.asked += 1
        return problem(503) if self.asked % 2 else super().create(body)


def test_a_refusal_that_may_be_is_counted_apart(generators: Generators) -> None:
    with Busy() as stub:
        found = generators.saturate(stub.url, [Create(5_000, 1, refusal=503)], SECONDS, USERS)
        assert (found.wrong, found.acknowledged) == ({}, len(stub.people))
        assert isinstance(stub, Busy)
        assert stub.asked == found.acknowledged + found.refused
        assert 0 < found.answered < found.acknowledged


@pytest.mark.parametrize(
    ("received", "found"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", answer.Answer(200, 2)),
        (b"HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\n[]", answer.Answer(200, 2)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[", None),
        (b"HTTP/1.1 200 OK\r\nContent-Le", None),
        (b"HTTP/1.1 204 No Content\r\n\r\n", answer.Answer(204, 0)),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n", None),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n",
            answer.Answer(200, 12),
        ),
    ],
)
def test_an_answer_is_whole_or_not(received: bytes, found: answer.Answer | None) -> None:
    assert answer.whole(received) == found


@pytest.mark.parametrize(
    "received",
    [
        b"garbage all along\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n[]",
    ],
)
def test_what_is_no_answer_is_broken(received: bytes) -> None:
    with pytest.raises(answer.Broken):
        answer.whole(received)


def test_generators_get_cpus_of_their_own_where_there_are_enough() -> None:
    assert place({0, 1}, 1) == ((0,), ((1,),))
    assert place({0, 1}, 2) == ((0, 1), ((0, 1),))
    assert place({0, 1}, 2).shared
    assert not place({0, 1}, 1).shared
    assert place(range(8), 5) == (tuple(range(6)), ((6,), (7,)))
    assert place({3}, 1).shared


def test_the_filesystem_is_the_innermost_mount_s() -> None:
    mounts = (
        "1 0 0:1 / / rw - ext4 a rw\n2 1 0:2 / /dev/shm rw - tmpfs t rw\n3 1 0:3 / /dev rw - devtmpfs d rw"
    )
    assert filesystem(Path("/dev/shm/x"), mounts) == "tmpfs"
    assert filesystem(Path("/srv"), mounts) == "ext4"


def _waits(process: "subprocess.Popen[bytes]") -> int:
    """Bytes in the pipe of its output."""
    assert process.stdout is not None
    taken: bytes = fcntl.ioctl(process.stdout, termios.FIONREAD, bytes(4))
    return int.from_bytes(taken, sys.byteorder)


def test_a_stop_in_the_middle_of_what_it_tells_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where Python's own output is unbuffered: there a write that is broken off loses its rest."""
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    script = (
        "import os, signal; from goseventh.output import output;"
        "signal.signal(signal.SIGUSR1, lambda *_: None); os.write(1, b'ready\\n');"
        "out = output(); out.write(bytes(1 << 20)); out.flush()"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, bufsize=0) as told:
        assert told.stdout is not None
        assert told.stdout.read(6) == b"ready\n"
        until(lambda: _waits(told) >= select.PIPE_BUF)  # it writes, and nobody reads
        told.send_signal(signal.SIGUSR1)
        received = len(told.stdout.read())
    assert received == 1 << 20
