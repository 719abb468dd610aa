"""A real server for tests: its own processes, a port of its own, a directory of its own."""

import http.client
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

import orjson

from goseventh.bench.crash.running import Reply, ask, until

__all__ = ["ROOT", "NotServing", "Reply", "Server", "alive", "ask", "until"]
ROOT = Path(__file__).resolve().parent.parent
_DEADLINE = 20.0


class Process(Protocol):
    """What a server's main process is to whoever started it, of what `subprocess.Popen` has."""

    pid: int
    stdout: IO[str] | None

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...

    def communicate(self) -> object: ...

    def kill(self) -> None: ...


class NotServing(AssertionError):
    """A server that ended before it served."""

    def __init__(self, code: int, errors: str) -> None:
        super().__init__(f"the server ended with {code}: {errors}")
        self.code = code
        self.errors = errors


class Server:
    """`goseventh serve` in processes of its own, from its first line of output to its exit."""

    def __init__(
        self,
        directory: Path,
        *flags: str,
        workers: int = 1,
        program: Sequence[str] = ("goseventh",),
        **variables: str,
    ) -> None:
        """Starts it. `program`: the module to run, and what comes before `serve`. Raises NotServing."""
        self.directory = directory
        # Not a pipe: nobody reads it meanwhile, and a server that logs much would stand still.
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed with the server
        arguments = [*program[1:], "serve", "--port", "0", "--workers", str(workers)]
        arguments += ["--data-dir", str(directory), *flags]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GOSEVENTH_")}
        environment |= variables
        self.process = self._begin(program[0], arguments, environment, self._errors)
        self.banner = [self._line() for _ in range(3)]
        match = re.search(r"http://(\[|)\S+:(\d+)", self.banner[0])
        assert match is not None, self.banner
        self.host = "::1" if match[1] else "127.0.0.1"
        self.port = int(match[2])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.stop()
        self.process.communicate()
        self._errors.close()

    def connect(self) -> http.client.HTTPConnection:
        """A connection that is kept alive from request to request."""
        return http.client.HTTPConnection(self.host, self.port, timeout=_DEADLINE)

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """One request on a connection of its own, so that any worker may get it."""
        connection = self.connect()
        try:
            return ask(connection, method, path, body, **headers)
        finally:
            connection.close()

    def create(self, **person: Any) -> Reply:
        """Creates a person; fields that are not given are valid ones."""
        whole = {"apelido": "ana", "nome": "Ana", "nascimento": "2000-10-01", "stack": None} | person
        return self.request("POST", "/pessoas", orjson.dumps(whole))

    def count(self) -> int:
        """How many people there are."""
        return int(self.request("GET", "/contagem-pessoas").body)

    def talk(self, sent: bytes, *, half_close: bool = False) -> bytes:
        """Sends raw bytes and returns everything that comes back until the server closes or falls silent."""
        with socket.create_connection((self.host, self.port), timeout=_DEADLINE) as raw:
            raw.sendall(sent)
            if half_close:
                raw.shutdown(socket.SHUT_WR)
            received = b""
            while select.select([raw], [], [], 0.5)[0]:
                piece = raw.recv(65536)
                if not piece:
                    break
                received += piece
            return received

    def workers(self) -> set[int]:
        """Process ids of the workers alive."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return {int(pid) for pid in children.split()}

    def wait_for_workers(self, count: int, other_than: set[int]) -> set[int]:
        """Waits until `count` workers are there, none of them among `other_than`."""
        return until(lambda: self.workers() if len(self.workers() - other_than) >= count else None)

    def errors(self) -> str:
        """What it has written to standard error so far."""
        size = os.fstat(self._errors.fileno()).st_size
        return os.pread(self._errors.fileno(), size, 0).decode()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Sends a signal to the main process and returns its exit code."""
        self.process.send_signal(number)
        return self.process.wait(_DEADLINE)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """None of its processes does anything meanwhile: its directory is as a kill now would leave it."""
        stopped: list[int] = []

        def stop(pid: int) -> None:
            os.kill(pid, signal.SIGSTOP)
            stopped.append(pid)
            until(lambda: _state(pid) in ("T", "Z", ""))

        try:
            stop(self.process.pid)  # first, so that no worker is forked behind our back
            for worker in self.workers():
                stop(worker)
            yield
        finally:
            for pid in stopped:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def kill_all(self) -> None:
        """`kill -9` of every process at once, as far as a user can."""
        for pid in [self.process.pid, *self.workers()]:
            with suppress(ProcessLookupError):  # a worker does not outlive the main process for long
                os.kill(pid, signal.SIGKILL)
        self.process.wait(_DEADLINE)

    def _begin(
        self, module: str, arguments: list[str], environment: dict[str, str], errors: IO[str]
    ) -> Process:
        """Runs a module as the main process."""
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            code = self.process.wait()
            self.process.communicate()
            with self._errors:
                self._errors.seek(0)
                raise NotServing(code, self._errors.read())
        return line.rstrip("\n")


def alive(pid: int) -> bool:
    """Whether there is a process of this id that has not ended."""
    return _state(pid) not in ("Z", "")


def _state(pid: int) -> str:
    """The letter that the kernel has for it; empty for no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return ""
