"""Servers and commands forked from one process that has imported theirs: most of a start is imports.

`python -m tests.forked` does so for each order on the socket that is its standard input, until its end.
"""

import atexit
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Self

import orjson

from goseventh import cli, serve
from goseventh.bench.crash import check
from tests.serving import ROOT, Process, Server

# What they run, before any fork.
_IMPORTED = (cli, serve, check)
_ORDER_LIMIT = 1 << 16
_NUMBER = struct.Struct("i")


class Forked:
    """A process that is no child of this one; has what a `Process` has."""

    def __init__(self, told: int, stdout: IO[str] | None = None) -> None:
        """`told`: where its parent says its id and, once it has ended, how; `stdout`: the end to read."""
        self._told = told
        self.stdout = stdout
        self.pid = self._next()
        self._code: int | None = None

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        if (code := self._ended(timeout)) is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired("a forked server", timeout)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self) -> object:
        assert self.stdout is not None
        rest = "" if self.stdout.closed else self.stdout.read()
        self.stdout.close()
        return rest, self.wait()

    def _ended(self, timeout: float | None) -> int | None:
        if self._code is None and select.select([self._told], [], [], timeout)[0]:
            self._code = self._next()
            os.close(self._told)
        return self._code

    def _next(self) -> int:
        (number,) = _NUMBER.unpack(os.read(self._told, _NUMBER.size))
        return int(number)


class Origin:
    """The process that they are forked from; a context."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """`variables`: what the loader must find, above all libraries to preload, beside our own."""
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __spec__.name],
                cwd=ROOT,
                env=os.environ | variables,
                stdin=theirs.fileno(),
                stdout=subprocess.PIPE,  # of theirs' kind: Python looks at it once
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._orders.close()
        self._process.communicate()

    def start(
        self,
        module: str,
        arguments: Sequence[str],
        variables: Mapping[str, str],
        said: tuple[int, int],
        cwd: Path = ROOT,
    ) -> int:
        """As `python -m module argument…` with these variables only, `said` its output and errors.

        Returns where it is told of it, as `Forked` wants it.
        """
        order = orjson.dumps([module, arguments, variables, str(cwd)])
        assert len(order) < _ORDER_LIMIT
        told, its_told = os.pipe()
        socket.send_fds(self._orders, [order], [*said, its_told])
        os.close(its_told)
        return told


@cache
def _for_commands() -> Origin:
    """What this process's commands are forked from, and which ends with it."""
    made = Origin({})
    atexit.register(made.__exit__)
    return made


def run(
    arguments: Sequence[str], variables: Mapping[str, str], cwd: Path, timeout: float
) -> "subprocess.CompletedProcess[str]":
    """As `subprocess.run` for `python -m goseventh argument…`."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        descriptors = output.fileno(), errors.fileno()
        ran = Forked(_for_commands().start("goseventh", arguments, variables, descriptors, cwd))
        try:
            code = ran.wait(timeout)
        finally:
            ran.kill()
        said = [os.pread(one, os.fstat(one).st_size, 0).decode() for one in descriptors]
    return subprocess.CompletedProcess(list(arguments), code, *said)


class ForkedServer(Server):
    """A server for tests that start so many that their imports would be most of the time."""

    def __init__(
        self, origin: Origin, directory: Path, *flags: str, program: Sequence[str], **variables: str
    ) -> None:
        """Starts one of two workers. `origin` was made with the same libraries to preload."""
        self._origin = origin
        super().__init__(directory, *flags, workers=2, program=program, **variables)

    def _begin(
        self, module: str, arguments: list[str], environment: dict[str, str], errors: IO[str]
    ) -> Process:
        stdout, its_stdout = os.pipe()
        told = self._origin.start(module, arguments, environment, (its_stdout, errors.fileno()))
        os.close(its_stdout)
        return Forked(told, os.fdopen(stdout))


def _fork_and_tell(output: int, errors: int, told: int) -> None:
    """Returns in a child only. Its parent says its id and how it ended, and ends."""
    child = os.fork()
    if child == 0:
        os.close(told)
        return
    try:
        os.close(output)
        os.close(errors)
        os.write(told, _NUMBER.pack(child))
        _, status = os.waitpid(child, 0)
        os.write(told, _NUMBER.pack(os.waitstatus_to_exitcode(status)))
    finally:
        os._exit(0)


def main() -> None:
    orders = socket.socket(fileno=0)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the parents of servers, whom nobody waits for
    while True:
        order, descriptors, _, _ = socket.recv_fds(orders, _ORDER_LIMIT, 3)
        if not order:
            return
        if os.fork() == 0:
            break
        for descriptor in descriptors:
            os.close(descriptor)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    module, arguments, variables, cwd = orjson.loads(order)
    _fork_and_tell(*descriptors)
    orders.detach()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((nothing, *descriptors[:2])):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(variables)
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
