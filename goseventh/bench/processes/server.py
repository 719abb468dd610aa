"""A server in processes of its own, from its first line of output to its exit."""

import http.client
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from goseventh.bench.processes import child
from goseventh.bench.processes.memory import memory

_STOP_SECONDS = 20.0
_LISTENS = re.compile(r"http://[0-9.]+:(\d+)")


class NotServing(Exception):
    """A process ended before it had done its work, or answered what it must not; the message says what."""


class Server:
    """A module that prints where it listens, in a process that the benchmark holds; a context."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        cpus: Collection[int] | None = None,
        groups: Sequence[Path] = (),
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Starts it and waits until it listens; raises NotServing.

        `cpus` it may run on (all of ours), control `groups` that hold it, `variables` beside the environment.
        """
        # Not a pipe: nobody reads it meanwhile, and a server that logs much would stand still.
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed with the server
        self.process = subprocess.Popen(
            child.command(module, arguments, os.sched_getaffinity(0) if cpus is None else cpus, groups),
            # A setting from the environment would be measured under the name of another.
            env={key: value for key, value in os.environ.items() if not key.startswith("GOSEVENTH_")}
            | dict(variables or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,  # Ctrl-C is for the benchmark, which then ends this one in order
        )
        try:
            assert self.process.stdout is not None
            self.announced = self.process.stdout.readline()
            """The first line."""
            found = _LISTENS.search(self.announced)
            if found is None:
                code = self.process.wait(_STOP_SECONDS)
                raise NotServing(ended("the server", code, self.errors()))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.port = int(found[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends it, in order if it will, else by force; its workers die with it."""
        try:
            if self.process.poll() is None:
                self.stop()
        finally:
            self.process.communicate()
            self._errors.close()

    def stop(self) -> int:
        """Ends it in order and returns its exit code; by force, if that fails or is interrupted."""
        self.process.terminate()
        try:
            return self.process.wait(_STOP_SECONDS)
        except BaseException:
            self.kill()
            raise

    def connect(self) -> http.client.HTTPConnection:
        """A connection that is kept alive from request to request."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=_STOP_SECONDS)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def processes(self) -> list[int]:
        """Process ids of the main process and of its workers, in this order."""
        main = self.process.pid
        children = Path(f"/proc/{main}/task/{main}/children").read_text()
        return [main, *map(int, children.split())]

    def memory(self) -> int:
        """Bytes: the proportional set of all its processes."""
        return sum(memory(pid)["pss"] for pid in self.processes())

    def cpu_seconds(self) -> float:
        """What all its processes have used."""
        return sum(_cpu_seconds(pid) for pid in self.processes())

    def errors(self) -> str:
        """What it has written to standard error so far."""
        size = os.fstat(self._errors.fileno()).st_size
        return os.pread(self._errors.fileno(), size, 0).decode(errors="replace")

    def kill(self) -> None:
        """`kill -9` of every process at once, as far as a user can."""
        for pid in self.processes() if self.process.poll() is None else ():
            os.kill(pid, signal.SIGKILL)
        self.process.wait()


def ended(who: str, code: int, errors: str) -> str:
    """A sentence without its full stop: with which exit code, and what it said, if anything."""
    said = errors.strip()
    return f"{who} ended with {code}" + (f": {said}" if said else "")


def serve(
    directory: Path,
    strategy: str,
    workers: int,
    flush_ms: int = 0,
    *,
    cpus: Collection[int] | None = None,
    groups: Sequence[Path] = (),
    variables: Mapping[str, str] | None = None,
) -> Server:
    """Our own server over a store that nobody has open."""
    return Server(
        "goseventh",
        "serve",
        "--host=127.0.0.1",
        "--port=0",
        f"--workers={workers}",
        f"--data-dir={directory}",
        f"--strategy={strategy}",
        f"--emulate-flush-ms={flush_ms}",
        cpus=cpus,
        groups=groups,
        variables=variables,
    )


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
