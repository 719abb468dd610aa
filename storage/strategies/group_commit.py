"""The main strategy: a transaction, and so a flush, shared by all who queued while the last one ran."""

from storage.committer import Committer
from storage.environment import Environment
from storage.strategies.shape import Options, Token, Writer

# Bounds how long the write lock is held at a time; a worker rarely has as many requests under way.
GROUP_LIMIT = 1024


def open_writer(environment: Environment, options: Options[Token]) -> Writer[Token]:
    """Starts the commit thread."""
    return Committer(environment, options, GROUP_LIMIT)
