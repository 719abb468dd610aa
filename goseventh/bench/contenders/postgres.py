"""PostgreSQL: a table of the same rows, and a GIN index of pg_trgm, in a server of our own."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goseventh.bench.contenders.shape import EXACT, FIELD_BORDER, Search
from goseventh.bench.contenders.sqlite import like
from goseventh.bench.corpora import NotAvailable
from goseventh.bench.texts import Texts
from goseventh.supervisor import die_with
from index.text import FIELD_END
from storage.records import Record

if TYPE_CHECKING:
    from psycopg import Connection

# Debian keeps the server's programs out of PATH; the newest version counts.
_DEBIAN = Path("/usr/lib/postgresql")
# Nothing is synchronous: a benchmark's build may be lost. The cache holds what a small machine can give.
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "8GB",
    "autovacuum": "off",
    "shared_buffers": "1GB",
    "maintenance_work_mem": "1GB",
    "work_mem": "64MB",
    "jit": "off",
}
_SERVER_ONLY = {"listen_addresses": "", "max_connections": "5"}
_SEARCH = "SELECT number FROM people WHERE text LIKE %s ORDER BY number LIMIT %s"
_START_SECONDS = 30.0
_USER = "bench"
_LOG = "log"


class Postgres:
    """One connection over a Unix socket to a server that lives as long as this."""

    def __init__(self, directory: Path, texts: Texts) -> None:
        """Raises NotAvailable where server or driver are not installed, or the server does not start."""
        try:
            import psycopg
        except ImportError:
            raise NotAvailable("psycopg is not installed: pip install 'goseventh[bench]'") from None
        programs = find_programs()
        if programs is None:
            raise NotAvailable("no server is installed: apt install postgresql")
        # A socket's path has at most 107 bytes, and `directory` may be deep.
        self._sockets = Path(tempfile.mkdtemp(prefix="bench-"))
        self._server: subprocess.Popen[Any] | None = None
        self._connection: Connection[Any] | None = None
        try:
            self._server = _start(programs, directory, self._sockets)
            self._connection = _connect(self._server, self._sockets)
            self._connection.execute("CREATE EXTENSION pg_trgm")
            self._connection.execute("CREATE TABLE people (number integer PRIMARY KEY, text text NOT NULL)")
        except (OSError, psycopg.Error) as error:
            self.close()
            raise NotAvailable(f"the server could not be started: {error}{_said(directory)}") from None
        except BaseException:
            self.close()
            raise
        version = self._connection.info.parameter_status("server_version") or ""
        self.settings = (
            f"PostgreSQL {version.split()[0]}, pg_trgm GIN, built after the load, then VACUUM ANALYZE, "
            + ", ".join(f"{name}={value}" for name, value in _SETTINGS.items())
            + "; answers with row numbers over a Unix socket, planned anew for each term"
        )
        self.ways: Mapping[str, Search] = {EXACT: self._search}

    def add(self, first: int, batch: Sequence[Record]) -> None:
        with self._open.cursor() as cursor, cursor.copy("COPY people FROM STDIN") as copy:
            lines = [
                b"%d\t%b\n" % (number, record.text.replace(FIELD_END, FIELD_BORDER))
                for number, record in enumerate(batch, first)
            ]
            copy.write(b"".join(lines))

    def finish(self) -> None:
        self._open.execute("CREATE INDEX grams ON people USING gin (text gin_trgm_ops)")
        self._open.execute("VACUUM ANALYZE people")

    def index_bytes(self) -> int:
        row = self._open.execute("SELECT pg_relation_size('grams')").fetchone()
        assert row is not None
        return int(row[0])

    def numbers(self, found: Any) -> list[int]:
        return [number for (number,) in found]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)  # the fast shutdown
            self._server.wait()
            self._server = None
        shutil.rmtree(self._sockets, ignore_errors=True)

    @property
    def _open(self) -> "Connection[Any]":
        assert self._connection is not None, "closed"
        return self._connection

    def _search(self, term: str, limit: int) -> list[Any]:
        return self._open.execute(_SEARCH, (like(term.lower()), limit)).fetchall()


def find_programs() -> Path | None:
    """Where `initdb` and `postgres` are: in PATH, else where Debian keeps them; None for nowhere."""
    if found := shutil.which("postgres"):
        return Path(found).parent
    versions = sorted(_DEBIAN.glob("*/bin/postgres"), key=lambda path: float(path.parent.parent.name))
    return versions[-1].parent if versions else None


def _start(programs: Path, directory: Path, sockets: Path) -> "subprocess.Popen[Any]":
    """A server over a new cluster. It refuses to be root: then it runs as the first of two other users."""
    become: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = _other_user()
        become = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        for place in (directory, sockets):
            os.chown(place, user.pw_uid, user.pw_gid)
    cluster = directory / "cluster"
    options: dict[str, Any] = {**become, "cwd": directory, "stdin": subprocess.DEVNULL}
    # In sessions of their own: Ctrl-C is for us, who then end them in order. If we are killed they end with
    # us; each asks for that itself, once it is whom it runs as, for a change of user forgets it.
    options |= {"start_new_session": True, "preexec_fn": partial(die_with, os.getpid(), signal.SIGQUIT)}
    made = [str(programs / "initdb"), f"--pgdata={cluster}", f"--username={_USER}", "--auth=trust"]
    made += ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    settings = {**_SETTINGS, **_SERVER_ONLY, "unix_socket_directories": str(sockets)}
    command = [str(programs / "postgres"), "-D", str(cluster)]
    command += [f"--{name}={value}" for name, value in settings.items()]
    with (directory / _LOG).open("wb") as log:
        with subprocess.Popen(made, stdout=log, stderr=log, **options) as making:
            try:
                code = making.wait()
            except BaseException:
                os.killpg(making.pid, signal.SIGKILL)  # or what it has started would go on writing
                raise
        if code:
            raise OSError(f"initdb ended with {code}")
        return subprocess.Popen(command, stdout=log, stderr=log, **options)


def _said(directory: Path) -> str:
    """The last that it wrote into its log, which goes with the directory."""
    with suppress(OSError):
        if lines := (directory / _LOG).read_text(errors="replace").split("\n")[:-1]:
            return f" ({lines[-1].strip()})"
    return ""


def _other_user() -> pwd.struct_passwd:
    with suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")


def _connect(server: "subprocess.Popen[Any]", sockets: Path) -> "Connection[Any]":
    import psycopg

    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            # Never prepared on the server: a plan made for any term would ignore how rare this one is.
            return psycopg.connect(
                host=str(sockets), user=_USER, dbname="postgres", autocommit=True, prepare_threshold=None
            )
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
