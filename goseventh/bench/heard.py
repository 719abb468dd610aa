"""What is printed while a benchmark runs, which goes on when nobody reads it, as behind `| head`."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from functools import wraps
from typing import Any, TextIO

from goseventh.output import silence

UNHEARD = 2
"""The exit code of a command that did well, but whose results went nowhere."""


class Unheard:
    """A stream that may come to take no more: from then on all goes nowhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost: OSError | None = None
        """Why, if not for a reader who has seen enough."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        encoding = self._stream.encoding
        with self._to_nobody():
            try:
                self._stream.write(text)
            except UnicodeEncodeError:  # letters that this terminal has not
                self._stream.write(text.encode(encoding, "replace").decode(encoding))
        return len(text)

    def flush(self) -> None:
        with self._to_nobody():
            self._stream.flush()

    @contextmanager
    def _to_nobody(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if not isinstance(error, BrokenPipeError):
                self.lost = error
            silence(self._stream)


def to_the_end(run: Callable[..., int]) -> Callable[..., int]:
    """The command, which goes on to its end and keeps its exit code whatever becomes of what it prints.

    Where standard output can't be written it says so, and 0 becomes UNHEARD: nobody heard that all is well.
    """

    @wraps(run)
    def running(*given: Any) -> int:
        with ExitStack() as closing:
            # Python has none where the descriptor was closed.
            nowhere = closing.enter_context(open(os.devnull, "w"))
            out: Any = Unheard(sys.stdout or nowhere)
            err: Any = Unheard(sys.stderr or nowhere)
            closing.enter_context(redirect_stdout(out))
            closing.enter_context(redirect_stderr(err))
            try:
                code = run(*given)
            finally:
                out.flush()
            if out.lost is not None:
                print(f"goseventh: standard output can't be written: {out.lost.strerror}", file=sys.stderr)
                code = code or UNHEARD
            err.flush()
        return code

    return running
