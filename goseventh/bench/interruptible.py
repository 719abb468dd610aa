"""Ctrl-C, SIGTERM and a lost terminal end a benchmark in order, wherever it is."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM and SIGHUP clear up as Ctrl-C does, and the first two also where a shell had them ignored.

    SIGHUP stays ignored where it was: whoever starts with `nohup` means to hang up. On the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    terminals = [stream.fileno() for stream in (sys.__stdout__, sys.__stderr__) if stream and stream.isatty()]

    def hang_up(number: int, frame: FrameType | None) -> None:
        """Nobody reads what is said from now on, and to say it to a terminal that is gone would fail."""
        for descriptor in terminals:
            os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
        signal.default_int_handler(number, frame)

    handlers = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.default_int_handler,
        signal.SIGHUP: hang_up,
    }
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        del handlers[signal.SIGHUP]
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Holds those signals back until the context ends: for what takes a moment and must be whole."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _NUMBERS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
