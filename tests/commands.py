"""Commands run in processes forked from one, on a disk that may fail: to start each anew would take long.

`python -m tests.commands` answers one JSON line on standard output for each on standard input.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import orjson

from goseventh import backup, cli
from tests.serving import ROOT
from tests.storage.disk import CountingDisk

assert backup  # imported before any fork


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    """Negative for a signal."""
    output: str
    errors: str


class Commands:
    """Runs commands of `goseventh`, one by one."""

    def __init__(self, disk: CountingDisk, module: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GOSEVENTH_")}
        self.disk = disk
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=kept | disk.variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, *arguments: object) -> Ended:
        """Runs one to its end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(orjson.dumps([str(one) for one in arguments]) + b"\n")
        self._process.stdin.flush()
        return Ended(*orjson.loads(self._process.stdout.readline()))

    def at_each_step(
        self, code: int, *arguments: object, persistent: bool = False, first: int = 1, every: int = 1
    ) -> Iterator[Ended]:
        """Runs one as often as it does something to the disk, with the first, second … failing so.

        By another `first`, from 1, and not `every` one, only with some of them.

        Ends with the first that meets no fault, which is not told. Whoever iterates sets the disk right.
        """
        number = first - every
        while True:
            number += every
            self.disk.arm(number, code, persistent=persistent)
            ended = self.run(*arguments)
            if not self.disk.lift():
                assert number > first, "it did nothing to the disk"
                assert ended.code == 0, ended
                return
            yield ended

    def close(self) -> None:
        self._process.communicate()


@contextmanager
def commands(work: Path, root: Path, module: str = "tests.commands") -> Iterator[Commands]:
    """A disk below `root`, and commands on it; `work` is for what that needs, `module` runs them."""
    made = Commands(CountingDisk(work, root), module)
    try:
        yield made
    finally:
        made.close()


def _run(arguments: list[str]) -> Ended:
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        child = os.fork()
        if child == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            code = 99
            try:
                code = cli.main(arguments)
            except SystemExit as error:
                code = int(error.code or 0)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        written = [os.pread(file.fileno(), 1 << 20, 0).decode() for file in (output, errors)]
    return Ended(os.waitstatus_to_exitcode(status), *written)


def main() -> None:
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(orjson.dumps(list(_run(orjson.loads(line)))) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
