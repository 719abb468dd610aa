"""How far a long command is: a bar on a terminal, nothing in a pipe."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

Show = Callable[[int, int | None, str], None]
"""How much is done, of how much (None where nobody knows), and what to say beside the bar."""


@contextmanager
def progress(stream: TextIO, *, thread: bool) -> Iterator[Show]:
    """A bar on `stream`, if that is a terminal, until the context ends. Yields the function that moves it.

    `thread`: whether a thread draws it, ten times a second. Without one each call draws, and the interpreter
    is never held while something else is due.
    """
    columns = (BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(
        *columns,
        console=Console(file=stream, soft_wrap=True),  # what is printed stays one line, however long
        auto_refresh=thread,
        transient=True,
        # On a terminal what is printed meanwhile must stand above the bar; elsewhere it must not come here.
        redirect_stdout=sys.stdout is not None and sys.stdout.isatty(),
        redirect_stderr=stream is sys.stderr and stream.isatty(),
        disable=not stream.isatty(),
    ) as bar:
        task = bar.add_task("", total=None)

        def show(done: int, total: int | None, line: str) -> None:
            nonlocal task
            if bar.tasks[0].total != total:  # another stretch of work, with a pace of its own
                bar.remove_task(task)
                task = bar.add_task(line, total=total)
            bar.update(task, completed=done, description=line, refresh=not thread)

        yield show
