"""Lines read and made ready for the store by a process of their own, while this one writes those before."""

import marshal
import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from queue import Queue
from threading import Thread
from typing import BinaryIO, NamedTuple

from goseventh import person
from goseventh.lines import Line, chunks
from goseventh.problems import Problem
from goseventh.supervisor import die_with
from goseventh.written import human
from storage.bulk import Given
from storage.errors import Unusable
from storage.records import Record

# Chunks that wait for their turn, of at most some 3 MiB: more than what comes in while a group is written.
_AHEAD = 64
_END = b""
# A record of its fields, which is made for every line: without a call of Python.
_record = partial(tuple.__new__, Record)


class Prepared(NamedTuple):
    """A chunk of lines."""

    numbers: list[int]
    """Of the lines that ask for somebody."""
    given: list[Given]
    """Whom each of them asks for."""
    refused: list[tuple[int, str]]
    """The number of each other line that is not blank, and why it is refused."""
    number: int
    """Of the last line that was read."""
    read: int
    """Bytes of the file up to there."""


@contextmanager
def preparing(file: BinaryIO, max_body: int) -> Iterator[Iterator[Prepared]]:
    """Yields all chunks of the lines in `file`, in which who came by a body of `max_body` bytes is found.

    Begins a process, which reads ahead and ends with the context: so nothing may be open or locked by now
    that must not be in two. The chunks raise OSError for what can't be read.
    """
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(
        target=_work, args=(file, max_body, here, there, os.getpid()), daemon=True
    )
    # Ctrl-C is this process's to judge; the other one ignores it from its first moment on.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    process.start()
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    there.close()
    arrived: Queue[bytes | None] = Queue(_AHEAD)
    Thread(target=_fetch, args=(here, arrived), daemon=True).start()
    try:
        yield _received(arrived)
    finally:
        process.kill()
        process.join()


def _fetch(here: Connection, arrived: "Queue[bytes | None]") -> None:
    """Takes what the process sends out of its way: a pipe holds little."""
    try:
        while message := here.recv_bytes():
            arrived.put(message)
        arrived.put(_END)
    except (EOFError, OSError):
        arrived.put(None)


def _received(arrived: "Queue[bytes | None]") -> Iterator[Prepared]:
    while message := arrived.get():
        sent = marshal.loads(message)
        if isinstance(sent[0], int):
            raise OSError(*sent)
        numbers, fields, keys, refused, number, read = sent
        found = map(_record, fields)
        yield Prepared(numbers, list(map(Given, found, keys)), refused, number, read)
    if message is None:
        raise Unusable("the process that reads the lines was ended")


def _work(file: BinaryIO, max_body: int, here: Connection, there: Connection, parent: int) -> None:
    die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    here.close()
    try:
        for lines, number, read in chunks(file, max_body + person.MOST_ADDED):
            there.send_bytes(marshal.dumps((*_prepared(lines, max_body), number, read)))
        there.send_bytes(_END)
    except BrokenPipeError:  # nobody waits for it any more
        pass
    except OSError as error:
        there.send_bytes(marshal.dumps((error.errno or 0, error.strerror or "")))


def _prepared(
    lines: list[Line], max_body: int
) -> tuple[list[int], list[tuple[bytes, ...]], list[bytes | None], list[tuple[int, str]]]:
    """Numbers, records and ids of those asked for; who is refused. All of built-in types, to be sent."""
    numbers: list[int] = []
    found: list[tuple[bytes, ...]] = []
    keys: list[bytes | None] = []
    refused: list[tuple[int, str]] = []
    for number, written in lines:
        if written is None:
            refused.append((number, f"it is longer than anybody of a --max-body of {human(max_body)}"))
            continue
        try:
            record, key = person.prepare_kept(written)
        except Problem as problem:
            refused.append((number, problem.detail))
        else:
            numbers.append(number)
            found.append(tuple(record))
            keys.append(key)
    return numbers, found, keys, refused
