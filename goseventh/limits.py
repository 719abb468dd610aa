"""How much of anything one request may bring, and how many connections may be open for it."""

import resource
from typing import NamedTuple

# What a worker opens beside its connections, some 25: the store's files, sockets, pipes, the loop's own.
_OTHER_FILES = 64
# At some 8 KiB of memory each, connections without an end would take what the store's pages need.
_MOST_CONNECTIONS = 16_384


class Limits(NamedTuple):
    """Each of them is a setting; see `settings.SERVE`."""

    head: int = 8 << 10
    """Bytes of request line and fields."""
    target: int = 8 << 10
    """Bytes of what is asked for, in the request line."""
    body: int = 64 << 10
    """Bytes."""
    depth: int = 128
    """How deep arrays and objects of a body may lie in one another; a person's lie 2 deep."""
    term: int = 512
    """Characters of a search term."""
    connections: int = _MOST_CONNECTIONS
    """Connections that one worker holds."""


DEFAULTS = Limits()


def most_connections() -> int:
    """How many connections the limit of open files, which each worker has for itself, leaves room for."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Without any limit it is -1; where it is tiny, somebody must still be let in.
    return max(1, hard - _OTHER_FILES) if hard != resource.RLIM_INFINITY else 1 << 30


def default_connections() -> int:
    """What `most_connections` allows, within reason."""
    return min(_MOST_CONNECTIONS, most_connections())


def raise_file_limit() -> None:
    """Every connection is an open file, and the soft limit is often a cautious 1,024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
