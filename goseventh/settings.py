"""Every setting once: name, default, help. Flags and GOSEVENTH_* variables derive from the table."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rapidfuzz import process

from goseventh import cpus, limits, logs, written
from goseventh.limits import DEFAULTS, Limits
from storage import store
from storage.strategies import table

PREFIX = "GOSEVENTH_"
# A process has 47 bits of addresses, and LMDB wants the whole map in one piece of them.
_LARGEST_MAP = 1 << 45


class SettingError(ValueError):
    """A setting's value, or its name, is wrong; the message is one line for whoever set it."""


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
    implied: str | None = None
    """What the flag means without a value; None if it needs one."""

    @property
    def variable(self) -> str:
        """The environment's name of it."""
        return PREFIX + self.attribute.upper()

    @property
    def attribute(self) -> str:
        """The name in Python."""
        return self.name.replace("-", "_")


ROWS = [row.within(table.WINDOW_SECONDS) for row in table.TABLE]
DATA_DIR = Setting("data-dir", "./data", "where the store is; made if it is not there", written.directory)
HOST = Setting("host", "127.0.0.1", "address to listen on", written.host)
PORT = Setting("port", "9999", "port to listen on; 0 takes a free one and prints it", written.whole(0, 65535))
STORE = Setting(
    "store",
    written.EMBEDDED,
    "where people are kept: in --data-dir, or in a PostgreSQL database, given as "
    "postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
    written.store,
    secret=True,
)
ALLOW_UNSAFE = Setting(
    "allow-unsafe-database",
    "off",
    "on, or the flag alone: use a PostgreSQL that is set so that it may lose what it answers",
    written.switch,
    implied="on",
)
STRATEGY = Setting(
    "strategy",
    table.DEFAULT.name,
    "how people are written: "
    + "; ".join(f"{row.name}, where a 201 means {row.created_means}" for row in ROWS)
    + f". {table.ADVICE.capitalize()}",
    written.strategy,
)
MAP_SIZE = Setting(
    "map-size",
    f"{store.MAP_SIZE >> 30}GiB",
    "the most the store can grow to; its file is only as large as what it holds",
    written.size_between(1 << 20, _LARGEST_MAP),
)
WINDOW = Setting(
    "write-behind-window",
    f"{table.WINDOW_SECONDS * 1000:g}",
    "milliseconds of answers that write-behind may have at risk",
    written.milliseconds(10),
)
MAX_BODY = Setting(
    "max-body",
    written.human(DEFAULTS.body),
    "the largest body taken; a larger one gets 413",
    written.size_between(1, 1 << 30),
)
SERVE = (
    HOST,
    PORT,
    Setting(
        "workers",
        str(cpus.best_workers()),
        "processes that serve; by default as many as the CPUs this process may use, rounded",
        written.whole(1, 64),
    ),
    STORE,
    ALLOW_UNSAFE,
    DATA_DIR,
    STRATEGY,
    MAP_SIZE,
    MAX_BODY,
    Setting(
        "max-head",
        written.human(DEFAULTS.head),
        "the largest head of a request, from its first line to its empty one; a larger one gets 431",
        # Beyond it Sanic would stop reading before the head is whole.
        written.size_between(256, 32 << 10),
    ),
    Setting(
        "max-target",
        written.human(DEFAULTS.target),
        "the longest path with its query; a longer one gets 414",
        written.size_between(64, 32 << 10),
    ),
    Setting(
        "max-term",
        str(DEFAULTS.term),
        "characters of the longest search term; a longer one gets 400",
        written.whole(1, 1 << 20),
    ),
    Setting(
        "max-depth",
        str(DEFAULTS.depth),
        "how deep a body's arrays and objects may lie in one another; a deeper one gets 400",
        # A person's stack lies 2 deep, and the parser itself ends at 1,024.
        written.whole(2, 1024),
    ),
    Setting(
        "max-connections",
        str(limits.default_connections()),
        "connections that a worker holds, by default as many as its open files allow; for one more "
        "an unfinished, unread or idle one ends, and where all wait for answers it gets 503",
        written.whole(1, limits.most_connections()),
    ),
    Setting(
        "max-queue",
        str(store.QUEUE_LIMIT),
        "creations that may wait in a worker; one more gets 503",
        written.whole(1, 1_000_000),
    ),
    WINDOW,
    Setting(
        "emulate-flush-ms",
        "0",
        "for experiments: milliseconds to sleep before each durable commit, as a slower disk would",
        written.milliseconds(0),
    ),
    Setting("head-timeout", "5", "seconds a request's head may take in all", written.seconds),
    Setting("body-timeout", "10", "seconds a request's body may take in all", written.seconds),
    Setting(
        "search-timeout",
        "2",
        "seconds a search may take, or wait for others; then it gets 503",
        written.seconds,
    ),
    Setting("idle-timeout", "75", "seconds a connection is kept without a request", written.seconds),
    Setting(
        "admin-token",
        written.NO_TOKEN,
        "what operators' pages ask for, as Authorization: Bearer; without one they are there only "
        "while --host is loopback",
        written.token,
        secret=True,
    ),
    Setting(
        "ui",
        "off",
        "on adds /ui, a page for operators: live figures, a search, creating a person",
        written.switch,
    ),
    Setting(
        "log-format",
        logs.PLAIN,
        "what is logged on standard error: plain, one line a message, or json, one object a line",
        logs.format_named,
    ),
    Setting(
        "access-log",
        "off",
        "on logs every answer: method, path without its query, status, time, client and request id",
        written.switch,
    ),
)


class Settings:
    """The values in force, an attribute each: `settings.data_dir`."""

    store: str | None
    allow_unsafe_database: bool
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
    ui: bool
    log_format: str
    access_log: bool

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
        self.given: dict[str, tuple[str, str]] = {}
        """Name of each → its value as written, and whether a flag, a variable or the default gave it."""
        for row in rows:
            flag = flags.get(row.attribute)
            given = flag if flag is not None else variables.get(row.variable, row.default)
            name = f"--{row.name}" if flag is not None else row.variable
            source = name if flag is not None or row.variable in variables else "default"
            self.given[row.name] = given, source
            try:
                setattr(self, row.attribute, row.parse(given))
            except ValueError as error:
                found = "" if row.secret else f", not {given!r}"
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
