"""Another worker: a store opened in a process of its own, for what one process alone can't show.

`python -m tests.storage.another` answers one JSON line on standard output for each on standard input.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from types import TracebackType
from typing import Any, Self

import lmdb
import orjson

from storage import pending_format, pending_log
from storage.environment import Environment
from storage.errors import StoreError
from storage.pending_log import PendingLog
from storage.people import Created, Taken
from storage.store import Store
from storage.strategies import table
from storage.strategies.shape import Outcome
from tests.serving import ROOT
from tests.storage.samples import record

STEPS = {
    "a frame is half written": ("pwrite", "half"),
    "a frame is written": ("pwrite", "whole"),
    "the next file is made": ("open", "made"),
    "the log has moved": ("pwrite", "moved"),
    "before people are moved": ("commit", "before"),
    "after people were moved": ("commit", "after"),
    "before files go": ("discard", "before"),
    "the first file is gone": ("unlink", "after"),
}
"""Where a worker can be killed: a call, and where in it."""


class Another:
    """A worker to be told what to do; a context that ends in order unless it was killed."""

    def __init__(
        self,
        directory: Path,
        strategy: str,
        *,
        window: float = 0.2,
        file_limit: int = 16 << 20,
        step: str = "",
    ) -> None:
        """Starts it; what it is told to do waits for that.

        `step`: at which of STEPS it kills itself once it was told to `arm`.
        """
        command = [sys.executable, "-m", "tests.storage.another", str(directory), strategy]
        self.process = subprocess.Popen(
            [*command, str(window), str(file_limit), step],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._is_open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.process.kill()
        self.process.communicate()

    def start(self, what: str, *arguments: str) -> None:
        """Begins something; `finish` gives its result."""
        assert self.process.stdin is not None
        self.process.stdin.write(orjson.dumps([what, *arguments]) + b"\n")
        self.process.stdin.flush()

    def finish(self) -> Any:
        """The result; EOFError if it was killed."""
        return self._answer()

    def do(self, what: str, *arguments: str) -> Any:
        """Starts and finishes; EOFError if it is, or was, killed."""
        try:
            self.start(what, *arguments)
        except BrokenPipeError:
            raise EOFError from None
        return self.finish()

    def create(self, nickname: str) -> tuple[str, str]:
        """What became of it, and the id in hexadecimal if anybody has one."""
        [(what, key)] = self.do("create", nickname)
        return what, key

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        if not self._is_open:
            assert self.process.stdout.readline() == b'"open"\n'
            self._is_open = True
        line = self.process.stdout.readline()
        if not line:
            raise EOFError
        return orjson.loads(line)


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()


def _arm(step: str) -> None:
    """Has this process kill itself at `step`."""
    call, where = STEPS[step]
    real_open, real_write, real_unlink = os.open, os.pwrite, Path.unlink
    real_commit, real_discard = Environment._commit, PendingLog.discard

    def pwrite(file: int, data: bytes, at: int) -> int:
        if (data == pending_format.moved()) is (where == "moved"):
            real_write(file, data[: len(data) // 2] if where == "half" else data, at)
            _kill()
        return real_write(file, data, at)

    def opened(path: os.PathLike[str] | str, flags: int, mode: int = 0o777) -> int:
        descriptor = real_open(path, flags, mode)
        if flags & os.O_CREAT and str(path).endswith(".log"):
            _kill()
        return descriptor

    def commit(environment: Environment, transaction: "lmdb.Transaction[bytes]") -> None:
        if where == "after":
            real_commit(environment, transaction)
        _kill()

    def discard(log: PendingLog, sequence: int) -> None:
        if any(last <= sequence for last in log._left.values()):
            _kill()
        real_discard(log, sequence)

    def unlink(path: Path, missing_ok: bool = False) -> None:
        real_unlink(path, missing_ok=missing_ok)
        _kill()

    owner, name, instead = {
        "pwrite": (os, "pwrite", pwrite),
        "open": (os, "open", opened),
        "commit": (Environment, "_commit", commit),
        "discard": (PendingLog, "discard", discard),
        "unlink": (Path, "unlink", unlink),
    }[call]
    setattr(owner, name, instead)


def _said(outcome: Outcome) -> tuple[str, str]:
    match outcome:
        case Created(key, _):
            return "created", key.hex()
        case Taken(key):
            return "taken", key.hex()
        case _:
            return type(outcome).__name__, ""


def main(directory: str, strategy: str, window: str, file_limit: str, step: str) -> None:
    pending_log.FILE_LIMIT = int(file_limit)
    outcomes: Queue[tuple[str, Outcome]] = Queue()

    def deliver(settled: Any) -> None:
        for each in settled:
            outcomes.put(each)

    def create(*nicknames: str) -> list[tuple[str, str]]:
        """As fast as it goes; the outcomes in the order of the nicknames."""
        found: dict[str, tuple[str, str]] = {}
        for nickname in nicknames:
            try:
                store.create(record(nickname), nickname)
            except StoreError as error:
                found[nickname] = _said(error)
        while len(found) < len(nicknames):
            nickname, outcome = outcomes.get()
            found[nickname] = _said(outcome)
        return [found[nickname] for nickname in nicknames]

    def get(key: str) -> str | None:
        document = store.get(bytes.fromhex(key))
        return None if document is None else document.decode()

    with Store[str](Path(directory), table.find(strategy), deliver, window=float(window)) as store:
        commands: dict[str, Callable[..., Any]] = {
            "create": create,
            "get": get,
            "search": lambda needle: [document.decode() for document in store.search(needle.encode(), 1000)],
            "count": store.count,
            "dropped": lambda: store._writer.dropped,  # type: ignore[attr-defined]
            "arm": lambda: _arm(step),
        }
        _say("open")
        for line in sys.stdin.buffer:
            what, *arguments = orjson.loads(line)
            _say(commands[what](*arguments))


def _say(answer: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
