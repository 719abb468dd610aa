"""How every command takes its arguments: one shape, and one line for what is wrong with them."""

import argparse
from collections.abc import Callable, Sequence
from typing import NoReturn

from goseventh.settings import Setting

USAGE_ERROR = 2


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments."""

    def parse_args(self, arguments: Sequence[str] | None = None) -> argparse.Namespace:  # type: ignore[override]
        """As the base class's, but a word that is nobody's is shown only as far as it is a flag's name.

        What follows a misspelt flag may be a secret.
        """
        given, unknown = self.parse_known_args(arguments)
        if unknown:
            flags = [word.partition("=")[0] for word in unknown if word.startswith("-")]
            self.error(f"unrecognized arguments: {' '.join(flags) or len(unknown)}")
        return given

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE_ERROR, f"{self.prog}: {message}; see {self.prog} --help\n")


def add(
    commands: "argparse._SubParsersAction[Parser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    summary: str,
    rows: tuple[Setting, ...] = (),
) -> Parser:
    """Adds a command that calls `run`, with a flag for each of `rows`; its parser, for more flags."""
    command = commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)
    command.set_defaults(run=run)
    for row in rows:
        command.add_argument(
            f"--{row.name}",
            metavar=row.name.upper(),
            nargs=None if row.implied is None else "?",
            const=row.implied,
            help=f"{row.help} ({row.default}; {row.variable})".replace("%", "%%"),
        )
    return command
