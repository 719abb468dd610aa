"""Every setting once: name, default, help. Flags and GOSEVENTH_* variables derive from the table."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rapidfuzz import process

from goseventh import cpus, limits
from goseventh.limits import DEFAULTS, Limits
from storage.store import MAP_SIZE, QUEUE_LIMIT
from storage.strategies import table

PREFIX = "GOSEVENTH_"
# A process has 47 bits of addresses, and LMDB wants the whole map in one piece of them.
_LARGEST_MAP = 1 << 45
_NO_TOKEN = "none"
_UNITS = {"": 1, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}


class SettingError(ValueError):
    """A setting's value, or its name, is wrong; the message is one line for whoever set it."""


def size_between(least: int, most: int) -> Callable[[str], int]:
    """A parser of sizes from `least` to `most` bytes."""

    def parse(written: str) -> int:
        found = size(written)
        if not least <= found <= most:
            raise ValueError(f"must be a size from {least} bytes to {human(most)}")
        return found

    return parse


def human(amount: int) -> str:
    """A number of bytes as one would write it, in whole units."""
    unit = next(unit for unit in ("GiB", "MiB", "KiB", "") if amount % _UNITS[unit.upper()] == 0)
    return f"{amount // _UNITS[unit.upper()]}{unit}"


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


def _token(written: str) -> str | None:
    """By RFC 6750, 2.1; long enough not to be guessed."""
    if written == _NO_TOKEN:
        return None
    if re.fullmatch(r"[0-9A-Za-z\-._~+/]{16,512}=*", written) is None:
        raise ValueError("must be 16 characters or more of A-Z a-z 0-9 - . _ ~ + /")
    return written


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
    secret: bool = False
    """Whether its value must be shown nowhere."""

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
    Setting(
        "max-body",
        human(DEFAULTS.body),
        "the largest body taken; a larger one gets 413",
        size_between(1, 1 << 30),
    ),
    Setting(
        "max-head",
        human(DEFAULTS.head),
        "the largest head of a request, its first line and its fields; a larger one gets 431",
        # Beyond it Sanic would stop reading before the head is whole.
        size_between(256, 32 << 10),
    ),
    Setting(
        "max-target",
        human(DEFAULTS.target),
        "the longest path with its query; a longer one gets 414",
        size_between(64, 32 << 10),
    ),
    Setting(
        "max-term",
        str(DEFAULTS.term),
        "characters of the longest search term; a longer one gets 400",
        whole(1, 1 << 20),
    ),
    Setting(
        "max-depth",
        str(DEFAULTS.depth),
        "how deep a body's arrays and objects may lie in one another; a deeper one gets 400",
        # A person's stack lies 2 deep, and the parser itself ends at 1,024.
        whole(2, 1024),
    ),
    Setting(
        "max-connections",
        str(limits.default_connections()),
        "connections that a worker holds, by default as many as its open files allow; for one more "
        "an unfinished or idle one ends, and where all wait for answers it gets 503",
        whole(1, limits.most_connections()),
    ),
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
    Setting(
        "admin-token",
        _NO_TOKEN,
        "what operators' pages ask for, as Authorization: Bearer; without one they are there only "
        "while --host is loopback",
        _token,
        secret=True,
    ),
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
    max_head: int
    max_target: int
    max_term: int
    max_depth: int
    max_connections: int
    max_queue: int
    write_behind_window: float
    emulate_flush_ms: float
    head_timeout: float
    body_timeout: float
    search_timeout: float
    idle_timeout: float
    admin_token: str | None

    @property
    def limits(self) -> Limits:
        """What a request may bring, and how many may come."""
        return Limits(
            self.max_head, self.max_target, self.max_body, self.max_depth, self.max_term, self.max_connections
        )

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
                found = "" if row.secret else f", not {written!r}"
                raise SettingError(f"{name} {error}{found}") from None


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
