"""The conventional stack: this server over a PostgreSQL of its own, both within what holds this process.

`python -m goseventh.bench.processes.conventional WORKERS` serves over a new database until told to stop.
Whatever a 201 rests on is as PostgreSQL has it by default.
"""

import os
import signal
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from goseventh.bench.processes import child
from goseventh.bench.processes.cluster import Cluster, find_programs

# Of the 3 GB that a measurement usually gives to all.
_SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "2GB", "max_connections": "60"}
_STOPPING = (signal.SIGTERM, signal.SIGINT)


def available() -> bool:
    """Whether server and driver are installed."""
    return find_programs() is not None and find_spec("asyncpg") is not None


def main() -> int:
    """Serves with as many workers as the first argument says, until told to stop."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    programs = find_programs()
    assert programs is not None
    with tempfile.TemporaryDirectory(prefix="conventional-") as directory:
        cluster = Cluster(programs, Path(directory), _SETTINGS)
        try:
            return _serve(cluster.url(), sys.argv[1])
        finally:
            cluster.close()


def _serve(url: str, workers: str) -> int:
    arguments = ["serve", "--host=127.0.0.1", "--port=0", f"--workers={workers}", f"--store={url}"]
    command = child.command("goseventh", arguments, os.sched_getaffinity(0), ())
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as serving:
        try:
            assert serving.stdout is not None
            sys.stdout.buffer.write(serving.stdout.readline())
            sys.stdout.flush()
            signal.sigwait(_STOPPING)
        finally:
            serving.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
