"""The conventional strategy: every record has a transaction, and so a flush, of its own."""

from storage.committer import Committer
from storage.environment import Environment
from storage.strategies.shape import Options, Token, Writer


def open_writer(environment: Environment, options: Options[Token]) -> Writer[Token]:
    """Starts the commit thread."""
    return Committer(environment, options, 1)
