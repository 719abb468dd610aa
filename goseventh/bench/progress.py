"""How far a run is, on a terminal; in a pipe nothing. Both are context managers that yield one function."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

Show = Callable[[int, int], None]  # sent, and of them answered or given up


@contextmanager
def shown(total: int, stream: TextIO) -> Iterator[Show]:
    """A bar over `total` requests.

    Only the caller's thread draws it: a drawing thread would hold the interpreter while requests are due.
    """
    columns = (BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=stream), auto_refresh=False, transient=True) as bar:
        task = bar.add_task("", total=total)

        def show(sent: int, answered: int) -> None:
            line = f"{sent:,} sent, {sent - answered:,} waiting"
            bar.update(task, completed=min(answered, total), description=line, refresh=True)

        yield show


@contextmanager
def silent(total: int, stream: TextIO) -> Iterator[Show]:
    """Nothing, in the same shape."""
    yield lambda sent, answered: None


def progress(total: int, stream: TextIO) -> AbstractContextManager[Show]:
    """The one that suits the stream."""
    return (shown if stream.isatty() else silent)(total, stream)
