"""Every setting once: name, default, help. Flags and GOSEVENTH_* variables derive from the table."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rapidfuzz import process

from goseventh import cpus
from storage.store import MAP_SIZE, QUEUE_LIMIT
from storage.strategies import table

PREFIX = "GOSEVENTH_"
# A process has 47 bits of addresses, and LMDB wants the whole map in one piece of them.
_LARGEST_MAP = 1 << 45
_UNITS = {"": 1, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}


class SettingError(ValueError):
    """A setting's value, or its name, is wrong; the message is one line for whoever set it."""


def size_between(least: int, most: int) -> Callable[[str], int]:
    """A parser of sizes from `least` to `most` bytes."""

    def parse(written: str) -> int:
        found = size(written)
        if not least <= found <= most:
            raise ValueError(f"must be a size from {least} bytes to {most >> 30}GiB")
        return found

    return parse


def size(written: str) -> int:
    """Bytes, or KiB, MiB or GiB."""
    parts = re.fullmatch(r"([0-9]{1,18}) ?((?:[KMG]iB)?)", written, re.IGNORECASE)
    if parts is None or int(parts[1]) == 0:
        raise ValueError("must be a size such as 65536, 64KiB, 512MiB or 4GiB")
    return int(parts[1]) * _UNITS[parts[2].upper()]


def whole(least: int, most: int) -> Callable[[str], int]:
    """A parser of whole numbers from `least` to `most`."""

    def parse(written: str) -> int:
        if re.fullmatch(r"[0-9]{1,9}", written) is None or not least <= int(written) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(written)

    return parse


def seconds(written: str) -> float:
    """A duration over 0 in seconds."""
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", written) is None or float(written) == 0:
        raise ValueError("must be a number of seconds over 0, such as 5 or 0.5")
    return float(written)


def milliseconds(least: int) -> Callable[[str], float]:
    """A parser of milliseconds from `least` to a minute, into seconds."""
    parse_whole = whole(least, 60_000)
    return lambda written: parse_whole(written) / 1000


def strategy(written: str) -> table.Strategy:
    """A row of the table of write strategies."""
    try:
        return table.find(written)
    except KeyError:
        raise ValueError(f"must be one of {', '.join(row.name for row in table.TABLE)}") from None


def _host(written: str) -> str:
    try:
        plain = written.encode("idna").decode()
    except UnicodeError:
        plain = ""
    if not plain.isprintable() or not plain or " " in plain:
        raise ValueError("must be an address or a host name")
    return written


def _directory(written: str) -> Path:
    if not written:
        raise ValueError("must be a directory")
    return Path(written)


class Setting(NamedTuple):
    """A row of the table."""

    name: str
    """As in the flag, without its dashes."""
    default: str
    """As one would write it."""
    help: str
    parse: Callable[[str], Any]
    """From the written form; raises ValueError with the end of a sentence that begins with the name."""

    @property
    def variable(self) -> str:
        """The environment's name of it."""
        return PREFIX + self.attribute.upper()

    @property
    def attribute(self) -> str:
        """The name in Python."""
        return self.name.replace("-", "_")


ROWS = [row.within(table.WINDOW_SECONDS) for row in table.TABLE]
DATA_DIR = Setting("data-dir", "./data", "where the store is; made if it is not there", _directory)
HOST = Setting("host", "127.0.0.1", "address to listen on", _host)
PORT = Setting("port", "9999", "port to listen on; 0 takes a free one and prints it", whole(0, 65535))
STRATEGY = Setting(
    "strategy",
    table.DEFAULT.name,
    "how people are written: "
    + "; ".join(f"{row.name}, where a 201 means {row.created_means}" for row in ROWS)
    + f". {table.ADVICE.capitalize()}",
    strategy,
)
SERVE = (
    HOST,
    PORT,
    Setting(
        "workers",
        str(cpus.best_workers()),
        "processes that serve; by default as many as the CPUs this process may use, rounded",
        whole(1, 64),
    ),
    DATA_DIR,
    STRATEGY,
    Setting(
        "map-size",
        f"{MAP_SIZE >> 30}GiB",
        "the most the store can grow to; its file is only as large as what it holds",
        size_between(1 << 20, _LARGEST_MAP),
    ),
    Setting("max-body", "64KiB", "the largest body taken; a larger one gets 413", size_between(1, 1 << 30)),
    Setting(
        "max-queue",
        str(QUEUE_LIMIT),
        "creations that may wait in a worker; one more gets 503",
        whole(1, 1_000_000),
    ),
    Setting(
        "write-behind-window",
        f"{table.WINDOW_SECONDS * 1000:g}",
        "milliseconds of answers that write-behind may have at risk",
        milliseconds(10),
    ),
    Setting(
        "emulate-flush-ms",
        "0",
        "for experiments: milliseconds to sleep before each durable commit, as a slower disk would",
        milliseconds(0),
    ),
    Setting("head-timeout", "5", "seconds a request's head may take in all", seconds),
    Setting("body-timeout", "10", "seconds a request's body may take in all", seconds),
    Setting(
        "search-timeout", "2", "seconds a search may take, or wait for others; then it gets 503", seconds
    ),
    Setting("idle-timeout", "75", "seconds a connection is kept without a request", seconds),
)


class Settings:
    """The values in force, an attribute each: `settings.data_dir`."""

    data_dir: Path
    host: str
    port: int
    workers: int
    strategy: table.Strategy
    map_size: int
    max_body: int
    max_queue: int
    write_behind_window: float
    emulate_flush_ms: float
    head_timeout: float
    body_timeout: float
    search_timeout: float
    idle_timeout: float

    def __init__(
        self, rows: tuple[Setting, ...], flags: Mapping[str, str | None], variables: Mapping[str, str]
    ) -> None:
        """Reads `rows`: from `flags` (by attribute), else from `variables`, else the default.

        Raises SettingError for a value, or for the name of a variable that is nobody's.
        """
        _refuse_unknown(variables)
        for row in rows:
            flag = flags.get(row.attribute)
            written = flag if flag is not None else variables.get(row.variable, row.default)
            try:
                setattr(self, row.attribute, row.parse(written))
            except ValueError as error:
                name = f"--{row.name}" if flag is not None else row.variable
                raise SettingError(f"{name} {error}, not {written!r}") from None


def _refuse_unknown(variables: Mapping[str, str]) -> None:
    """A misspelt variable would silently leave its default in force."""
    known = [row.variable for row in SERVE]
    for name in variables:
        if name.startswith(PREFIX) and name not in known:
            nearest = process.extractOne(name.upper(), known)
            raise SettingError(f"{name} is no setting: did you mean {nearest[0]}?")


def from_environment(rows: tuple[Setting, ...], flags: Mapping[str, str | None]) -> Settings:
    """The settings of this process."""
    return Settings(rows, flags, os.environ)
