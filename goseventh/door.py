"""Closing a listening socket without a reset for anybody who got in.

Whoever connects between the last `accept` and the close would be reset. So the kernel is first told to drop
what asks for a new connection; those on their way arrive, are accepted, and nobody is left when it closes.
Whoever was dropped asks again a second later, and is refused then.
"""

import ctypes
import socket
import struct
from contextlib import suppress

# From Linux's asm-generic/socket.h; the module `socket` does not name them.
_SO_ATTACH_FILTER = 26
_SO_DETACH_FILTER = 27
# Classic BPF on the TCP header: (code, jump if true, jump if false, operand).
_DROP_NEW = (
    (0x30, 0, 0, 13),  # load the byte of flags
    (0x54, 0, 0, 0x12),  # keep SYN and ACK
    (0x15, 0, 1, 0x02),  # SYN alone?
    (0x06, 0, 0, 0),  # drop it
    (0x06, 0, 0, 0xFFFFFFFF),  # let all else through
)


def shut(listener: socket.socket) -> None:
    """Lets nobody new in. Every process that holds this socket shares that."""
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in _DROP_NEW))
    argument = struct.pack("HP", len(_DROP_NEW), ctypes.addressof(program))
    with suppress(OSError):  # a sandbox may forbid it: then an instant remains in which one may be reset
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, argument)


def open_again(listener: socket.socket) -> None:
    """Undoes `shut`, as for the worker that takes over from one that was stopped alone."""
    with suppress(OSError):  # it was open
        listener.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)
