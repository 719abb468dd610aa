"""What is printed while a benchmark runs, which goes on when nobody reads it any more, as behind `| head`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from functools import wraps
from typing import Any, TextIO

from goseventh.output import silence


class Unheard:
    """A stream whose reader may leave: from then on all goes nowhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with self._to_nobody():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._to_nobody():
            self._stream.flush()

    @contextmanager
    def _to_nobody(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            silence(self._stream)


def to_the_end(run: Callable[..., int]) -> Callable[..., int]:
    """The command, which a reader who leaves neither ends nor gives another exit code."""

    @wraps(run)
    def running(*given: Any) -> int:
        heard: Any = Unheard(sys.stdout)
        with redirect_stdout(heard):
            try:
                return run(*given)
            finally:
                heard.flush()

    return running
