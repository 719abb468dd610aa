"""A PostgreSQL server of our own, in a directory and on a Unix socket, for benchmarks and tests."""

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
from typing import Any

from goseventh.supervisor import die_with

# Debian keeps the server's programs out of PATH; the newest version counts.
_DEBIAN = Path("/usr/lib/postgresql")
_START_SECONDS = 30.0
USER = "goseventh"


class Cluster:
    """A new cluster, and its server while that runs."""

    def __init__(self, programs: Path, directory: Path, settings: Mapping[str, str]) -> None:
        """Makes the cluster in `directory` and starts its server with `settings`.

        Raises OSError if it can't be, with the last that it said.
        """
        directory = directory.absolute()  # the programs run in it
        self._programs = programs
        self._directory = directory
        self._settings = settings
        self._process: subprocess.Popen[Any] | None = None
        # A socket's path has at most 107 bytes, and `directory` may be deep.
        self.sockets = Path(tempfile.mkdtemp(prefix="sockets-"))
        self.log = directory / "log"
        self._data = directory / "cluster"
        self._options: dict[str, Any] = {**self._become(), "cwd": directory, "stdin": subprocess.DEVNULL}
        # In sessions of their own: Ctrl-C is for us, who then end them in order. If we are killed they end
        # with us; each asks for that itself, once it is whom it runs as, for a change of user forgets it.
        tie = partial(die_with, os.getpid(), signal.SIGQUIT)
        self._options |= {"start_new_session": True, "preexec_fn": tie}
        made = [str(programs / "initdb"), f"--pgdata={self._data}", f"--username={USER}", "--auth=trust"]
        made += ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        try:
            with self.log.open("wb") as log:
                code = _run(made, stdout=log, stderr=log, **self._options)
            if code:
                raise OSError(f"initdb ended with {code}{self._said()}")
            self.start()
        except BaseException:
            self.close()
            raise

    def url(self, database: str = "postgres") -> str:
        """Where a client finds a database."""
        return f"postgresql:///{database}?host={self.sockets}&user={USER}"

    def start(self) -> None:
        """Starts the server and waits until it takes connections."""
        assert self._process is None
        settings = {"listen_addresses": "", **self._settings, "unix_socket_directories": str(self.sockets)}
        command = [str(self._programs / "postgres"), "-D", str(self._data)]
        command += [f"--{name}={value}" for name, value in settings.items()]
        status = self._data / "postmaster.pid"
        status.unlink(missing_ok=True)  # a killed server's
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **self._options)
        deadline = time.monotonic() + _START_SECONDS
        # The eighth line is what pg_ctl waits for too.
        while not status.exists() or status.read_text().split("\n")[7:8] != ["ready   "]:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise OSError(f"the server does not start{self._said()}")
            time.sleep(0.01)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Ends the server: by default the fast shutdown; SIGKILL ends all of its processes at once."""
        if self._process is None:
            return
        if number == signal.SIGKILL:
            self.signal_all(number)
        else:
            self._process.send_signal(number)
        self._process.wait()
        self._process = None

    def signal_all(self, number: signal.Signals) -> None:
        """Sends the server and each process that it started a signal; SIGSTOP makes it silent."""
        assert self._process is not None
        main = self._process.pid
        # Each of them leads a session of its own.
        others = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        self._process.send_signal(number)
        for other in others:
            with suppress(ProcessLookupError):
                os.kill(int(other), number)

    def close(self) -> None:
        """Ends what runs; the directory is others' to remove. Harmless at any time."""
        self.stop()
        shutil.rmtree(self.sockets, ignore_errors=True)

    def _said(self) -> str:
        """The last that the server wrote into its log, which goes with the directory."""
        with suppress(OSError):
            if lines := self.log.read_text(errors="replace").split("\n")[:-1]:
                return f" ({lines[-1].strip()})"
        return ""

    def _become(self) -> dict[str, Any]:
        """The server refuses to be root: then it runs as another user."""
        if os.geteuid() != 0:
            return {}
        user = other_user()
        for place in (self._directory, self.sockets):
            os.chown(place, user.pw_uid, user.pw_gid)
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _run(command: Sequence[str], **options: Any) -> int:
    """The exit code of a command that leads a session of its own; all that it began ends with it."""
    with subprocess.Popen(command, **options) as running:
        try:
            return running.wait()
        except BaseException:
            os.killpg(running.pid, signal.SIGKILL)  # or what it has started would go on writing
            raise


def other_user() -> pwd.struct_passwd:
    """Whom the server runs as instead of root."""
    with suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")


def find_programs() -> Path | None:
    """Where `initdb` and `postgres` are: in PATH, else where Debian keeps them; None for nowhere."""
    if found := shutil.which("postgres"):
        return Path(found).parent
    versions = sorted(_DEBIAN.glob("*/bin/postgres"), key=lambda path: float(path.parent.parent.name))
    return versions[-1].parent if versions else None
