"""The commands `serve` and `health` as an operator sees them: output, exit codes, what is left alone."""

import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import lmdb
import pytest

from goseventh import __version__, settings
from goseventh.settings import SERVE
from storage.strategies import table
from tests import forked
from tests.serving import ROOT, Server

_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
_PR_CAPBSET_DROP = 24
_libc = ctypes.CDLL(None)


def environment(**variables: str) -> dict[str, str]:
    """This process's environment with no settings but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GOSEVENTH_")}
    return kept | {"PYTHONPATH": str(ROOT)} | variables


def run(
    *arguments: str,
    variables: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    before: Callable[[], None] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs a command that is expected to end by itself; `before`: called in its process first."""
    if before is None:
        return forked.run(arguments, environment(**(variables or {})), cwd, 20)
    return subprocess.run(
        [sys.executable, "-m", "goseventh", *arguments],
        cwd=cwd,
        env=environment(**(variables or {})),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        preexec_fn=before,
    )


def refused(directory: Path, *arguments: str, before: Callable[[], None] | None = None) -> str:
    """That `serve` refuses this directory in one line; the line."""
    ended = run(
        "serve", "--port", "0", "--workers", "1", "--data-dir", str(directory), *arguments, before=before
    )
    assert (ended.returncode, ended.stdout) == (1, ""), ended
    return one_line(ended.stderr)


def one_line(text: str) -> str:
    """That this is one line of the program's own; the line."""
    assert "Traceback" not in text
    assert re.fullmatch(r"goseventh: [^\n]+\n", text), text
    return text


def contents(directory: Path, besides: str | None = None) -> dict[str, tuple[int, bytes | None]]:
    """Mode and bytes of everything below, by path; of a file named `besides` the mode alone."""
    return {
        str(path.relative_to(directory)): (
            path.lstat().st_mode,
            path.read_bytes() if path.is_file() and path.name != besides else None,
        )
        for path in [directory, *sorted(directory.rglob("*"))]
    }


@contextmanager
def unchanged(directory: Path, besides: str | None = None) -> Iterator[None]:
    """That nothing in `directory` changes meanwhile, but what is in `besides`, and nothing comes or goes."""
    before = contents(directory, besides)
    yield
    assert contents(directory, besides) == before


def bind_permissions() -> None:
    """In the process to be: has permission bits bind it though it is root's."""
    for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
        if os.geteuid() == 0 and _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            raise OSError("root may not give up a capability here")


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory whose server has stopped, with 40 people in it; to be copied."""
    directory = tmp_path_factory.mktemp("stopped") / "data"
    with Server(directory) as running:
        for number in range(40):
            running.create(apelido=f"number {number}", nome="x" * 100)
    return directory


@pytest.fixture
def filled(tmp_path: Path, stopped: Path) -> Path:
    """Such a directory."""
    return shutil.copytree(stopped, tmp_path / "data")


# Values and commands


@pytest.mark.parametrize(
    ("arguments", "variables", "names"),
    [
        (["serve", "--port", "70000"], {}, "--port"),
        (["serve", "--port", ""], {}, "--port"),
        (["serve", "--workers", "0"], {}, "--workers"),
        (["serve", "--strategy", "fast"], {}, "--strategy"),
        (["serve", "--map-size", "1TB"], {}, "--map-size"),
        (["serve", "--max-body", "64KB"], {}, "--max-body"),
        (["serve", "--max-queue", "many"], {}, "--max-queue"),
        (["serve", "--max-connections", "99999999"], {}, "--max-connections"),
        (["serve", "--host", ""], {}, "--host"),
        (["serve"], {"GOSEVENTH_PORT": "x"}, "GOSEVENTH_PORT"),
        (["serve"], {"GOSEVENTH_MAP_SIZE": ""}, "GOSEVENTH_MAP_SIZE"),
        (["serve"], {"GOSEVENTH_PROT": "9999"}, "GOSEVENTH_PORT"),
        (["serve", "--port", "x"], {"GOSEVENTH_PORT": "9999"}, "--port"),
        (["health", "--port", "x"], {}, "--port"),
        (["health"], {"GOSEVENTH_PORT": "x"}, "GOSEVENTH_PORT"),
        (["health"], {"GOSEVENTH_HOTS": "x"}, "GOSEVENTH_HOST"),
    ],
)
def test_a_wrong_value_gets_one_line_and_exit_code_2(
    tmp_path: Path, arguments: list[str], variables: dict[str, str], names: str
) -> None:
    ended = run(*arguments, variables=variables, cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert names in one_line(ended.stderr)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["sreve"],
        ["serve", "--prot", "1"],
        ["serve", "--por", "1"],
        ["serve", "--port"],
        ["serve", "now"],
        ["health", "--workers", "1"],
        ["--port", "1", "serve"],
    ],
    ids=" ".join,
)
def test_an_unknown_command_or_flag_gets_exit_code_2(tmp_path: Path, arguments: list[str]) -> None:
    ended = run(*arguments, cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Traceback" not in ended.stderr
    assert re.fullmatch(r"goseventh[a-z ]*: .*; see goseventh[a-z ]* --help\n", ended.stderr)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "--admin-tokn", "s3cret-s3cret-s3cret"],
        ["serve", "--admin-tokn=s3cret-s3cret-s3cret"],
        ["serve", "--admin-token", "s3cret!"],
        ["serve", "--admin-token=s3cret!"],
        ["serve", "s3cret"],
        ["health", "--admin-token", "s3cret-s3cret-s3cret"],
    ],
    ids=" ".join,
)
def test_a_token_is_shown_by_no_error(tmp_path: Path, arguments: list[str]) -> None:
    ended = run(*arguments, cwd=tmp_path)
    assert ended.returncode == 2
    assert "s3cret" not in ended.stdout + one_line(ended.stderr)


def test_help_names_every_setting_with_its_variable_and_default() -> None:
    ended = run("serve", "--help", variables={"COLUMNS": "1000"})
    assert (ended.returncode, ended.stderr) == (0, "")
    text = " ".join(ended.stdout.split())
    for row in SERVE:
        value = row.name.upper() if row.implied is None else f"[{row.name.upper()}]"
        assert f"--{row.name} {value} {row.help} ({row.default}; {row.variable})" in text


def test_version_is_the_packages() -> None:
    ended = run("--version")
    assert (ended.returncode, ended.stdout) == (0, f"goseventh {__version__}\n")


# Directories that can't be used


def test_a_data_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")
    with unchanged(tmp_path):
        assert str(tmp_path / "data") in refused(tmp_path / "data")


def test_a_data_directory_whose_parent_is_not_there(tmp_path: Path) -> None:
    with unchanged(tmp_path):
        assert "--data-dir" in refused(tmp_path / "not" / "there")


def test_a_data_directory_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with unchanged(tmp_path):
        refused(tmp_path / "file" / "data")


def test_a_data_directory_that_is_a_dangling_link(tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(tmp_path / "nowhere")
    with unchanged(tmp_path):
        refused(tmp_path / "data")


@pytest.mark.parametrize("mode", [0o555, 0o000, 0o444, 0o222])
def test_an_empty_directory_that_is_not_writable(tmp_path: Path, mode: int) -> None:
    directory = tmp_path / "data"
    directory.mkdir()
    directory.chmod(mode)
    try:
        with unchanged(tmp_path):
            assert str(directory) in refused(directory, before=bind_permissions)
    finally:
        directory.chmod(0o755)


def test_a_parent_that_is_not_writable(tmp_path: Path) -> None:
    parent = tmp_path / "parent"
    parent.mkdir(mode=0o555)
    with unchanged(tmp_path):
        assert "Permission denied" in refused(parent / "data", before=bind_permissions)


def test_a_store_in_a_directory_that_is_not_writable(filled: Path) -> None:
    filled.chmod(0o555)
    try:
        with unchanged(filled):
            assert "not writable" in refused(filled, before=bind_permissions)
    finally:
        filled.chmod(0o755)


@pytest.mark.parametrize("mode", [0o444, 0o000])
@pytest.mark.parametrize("name", ["data.mdb", "lock.mdb"])
def test_a_store_whose_file_is_not_writable(filled: Path, name: str, mode: int) -> None:
    (filled / name).chmod(mode)
    try:
        with unchanged(filled):
            assert "Permission denied" in refused(filled, before=bind_permissions)
    finally:
        (filled / name).chmod(0o640)


def test_a_directory_held_by_another_server(directory: Path) -> None:
    with Server(directory) as running:
        running.create(apelido="holder")
        with unchanged(directory, besides="lock.mdb"):  # the running server's readers come and go
            assert "in use by another server" in refused(directory)
        assert running.create(apelido="still there").status == 201
        assert running.count() == 2
    with Server(directory) as following:  # the refused one has left no lock behind
        assert following.count() == 2


@pytest.mark.parametrize("found", [b"0", b"2", b"999", b"", b"x", b"\xff"], ids=ascii)
def test_a_store_of_another_format_version(filled: Path, found: bytes) -> None:
    with lmdb.open(str(filled), max_dbs=8) as store, store.begin(write=True) as transaction:
        meta = store.open_db(b"meta", transaction, create=False)
        assert transaction.get(b"format", db=meta) == b"1"
        transaction.put(b"format", found, db=meta)
    with unchanged(filled):
        assert "format" in refused(filled)


def test_a_store_without_a_format_version(filled: Path) -> None:
    with lmdb.open(str(filled), max_dbs=8) as store, store.begin(write=True) as transaction:
        transaction.delete(b"format", db=store.open_db(b"meta", transaction, create=False))
    with unchanged(filled):
        assert "format none" in refused(filled)


@pytest.mark.parametrize(
    "names", [[], [b"theirs"], [b"people", b"meta"], [b"people", b"nicknames", b"terms"]]
)
def test_other_lmdb_data(tmp_path: Path, names: list[bytes]) -> None:
    directory = tmp_path / "data"
    with lmdb.open(str(directory), max_dbs=8) as theirs, theirs.begin(write=True) as transaction:
        for name in names:
            transaction.put(b"key", b"value", db=theirs.open_db(name, transaction))
        if not names:
            transaction.put(b"key", b"value")
    with unchanged(directory):
        assert "not GoSeventh's" in refused(directory)


def test_lmdb_data_whose_names_are_plain_values(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    with lmdb.open(str(directory)) as theirs, theirs.begin(write=True) as transaction:
        for name in (b"people", b"nicknames", b"terms", b"meta"):
            transaction.put(name, b"no database")
    with unchanged(directory):
        refused(directory)


def test_lmdb_data_without_its_lock_file(filled: Path) -> None:
    (filled / "lock.mdb").unlink()
    with Server(filled) as running:
        assert running.count() == 40


def test_lmdb_data_of_the_other_engine(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    with (
        lmdb.open(str(directory), max_dbs=8, lib_version=1) as theirs,
        theirs.begin(write=True) as transaction,
    ):
        assert theirs.lib_version()[:2] != (0, 9)
        for name in (b"people", b"nicknames", b"terms", b"meta"):
            theirs.open_db(name, transaction)
    with unchanged(directory):
        refused(directory)


@pytest.mark.parametrize("kept", [0, 1, 100, 4095, 4096, 8191, 8192, 12_288, 0.5, 0.9, -4096, -1])
def test_a_store_whose_file_was_cut(filled: Path, kept: float) -> None:
    data = filled / "data.mdb"
    size = data.stat().st_size
    cut = size + int(kept) if kept < 0 else int(size * kept) if isinstance(kept, float) else int(kept)
    assert cut < size
    os.truncate(data, cut)
    with unchanged(filled):
        assert str(filled) in refused(filled)


@pytest.mark.parametrize(
    "garbage",
    [b"mine", b"\0" * 65_536, b"\xff" * 65_536, bytes(range(256)) * 256, b"SQLite format 3\0" + b"\0" * 8192],
    ids=["a word", "zeros", "ones", "bytes", "SQLite"],
)
@pytest.mark.parametrize("lock", [True, False], ids=["with lock", "alone"])
def test_a_file_that_is_no_store(filled: Path, garbage: bytes, lock: bool) -> None:
    (filled / "data.mdb").write_bytes(garbage)
    if not lock:
        (filled / "lock.mdb").unlink()
    with unchanged(filled):
        assert str(filled) in refused(filled)


def test_a_store_that_is_a_directory(tmp_path: Path) -> None:
    (tmp_path / "data" / "data.mdb").mkdir(parents=True)
    with unchanged(tmp_path):
        refused(tmp_path / "data")


def test_other_files_beside_a_store_are_left_alone(directory: Path) -> None:
    directory.mkdir()
    (directory / "notes.txt").write_text("mine")
    with Server(directory):
        pass
    assert (directory / "notes.txt").read_text() == "mine"


# Ports


@pytest.mark.parametrize("reuse", [False, True], ids=["plain", "with SO_REUSEPORT"])
def test_a_port_that_is_taken_gets_one_line_and_exit_code_1(tmp_path: Path, reuse: bool) -> None:
    with socket.socket() as taken:
        if reuse:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = refused(tmp_path / "data", "--port", str(port))
    assert f"127.0.0.1:{port}" in line
    assert "--port" in line


def test_a_port_of_another_server_of_ours_is_taken(tmp_path: Path, directory: Path) -> None:
    with Server(directory) as running:
        assert str(running.port) in refused(tmp_path / "other", "--port", str(running.port))
        assert running.count() == 0


@pytest.mark.parametrize("host", ["203.0.113.1", "no.such.host.invalid", "999.1.1.1"])
def test_a_host_that_is_not_this_machines_gets_one_line_and_exit_code_1(tmp_path: Path, host: str) -> None:
    assert host in refused(tmp_path / "data", "--host", host)


def test_port_0_prints_the_port_it_got(directory: Path, tmp_path: Path) -> None:
    with Server(directory) as one, Server(tmp_path / "other") as two:
        assert one.port != two.port
        assert 0 not in (one.port, two.port)
        one.create(apelido="here")
        assert (one.count(), two.count()) == (1, 0)


# Starting


@pytest.mark.parametrize("strategy", settings.ROWS, ids=lambda row: row.name)
def test_start_says_where_it_listens_what_it_promises_and_whom_it_found(
    directory: Path, strategy: table.Strategy
) -> None:
    with Server(directory, "--strategy", strategy.name, workers=2) as running:
        assert running.banner == [
            f"GoSeventh listens on http://127.0.0.1:{running.port} with 2 workers",
            f"strategy {strategy.name}: {strategy.promise}",
            f"0 people in {directory}",
        ]
        for number in range(3):
            assert running.create(apelido=f"number {number}").status == 201
        running.create(apelido="number 0")
        assert running.stop() == 0
    with Server(directory, "--strategy", strategy.name) as again:
        assert again.banner[0].endswith(" with 1 worker")
        assert again.banner[2] == f"3 people in {directory}"
        assert again.count() == 3
        assert again.create(apelido="number 0").status == 422


def test_the_default_strategy_is_the_tables(directory: Path) -> None:
    with Server(directory) as running:
        assert running.banner[1].startswith(f"strategy {table.DEFAULT.name}: ")


def test_variables_set_what_flags_leave_open_and_flags_win(directory: Path) -> None:
    with Server(
        directory,
        "--max-body",
        "100",
        GOSEVENTH_MAX_BODY="50",
        GOSEVENTH_STRATEGY="per-request",
        GOSEVENTH_PORT="x",
    ) as running:
        assert running.banner[1].startswith("strategy per-request: ")
        assert running.request("POST", "/pessoas", b" " * 100).status == 400
        assert running.request("POST", "/pessoas", b" " * 101).status == 413


def test_settings_come_from_variables_alone(tmp_path: Path) -> None:
    with serving(
        tmp_path,
        GOSEVENTH_PORT="0",
        GOSEVENTH_HOST="127.0.0.1",
        GOSEVENTH_WORKERS="2",
        GOSEVENTH_DATA_DIR=str(tmp_path / "here"),
        GOSEVENTH_MAX_BODY="1KiB",
    ) as line:
        assert line.endswith(" with 2 workers\n")
    assert (tmp_path / "here" / "data.mdb").exists()


def test_the_default_directory_is_data_where_one_stands(tmp_path: Path) -> None:
    with serving(tmp_path, GOSEVENTH_PORT="0"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert (tmp_path / "data" / "data.mdb").exists()


@contextmanager
def serving(cwd: Path, **variables: str) -> Iterator[str]:
    """A server without flags that runs meanwhile; the first line that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "goseventh", "serve"],
        cwd=cwd,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline()
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


# Health


def test_health_of_a_running_server_is_0_by_flags_and_by_variables(directory: Path) -> None:
    with Server(directory) as running:
        port = str(running.port)
        for ended in (
            run("health", "--port", port),
            run("health", "--port", port, "--host", "127.0.0.1"),
            run("health", "--port", port, "--host", "localhost"),
            run("health", variables={"GOSEVENTH_PORT": port}),
            run("health", variables={"GOSEVENTH_PORT": port, "GOSEVENTH_HOST": "0.0.0.0"}),
            run("health", variables={"GOSEVENTH_PORT": port, "GOSEVENTH_DATA_DIR": "/nowhere"}),
            run("health", "--port", port, variables={"GOSEVENTH_PORT": "1"}),
        ):
            assert (ended.returncode, ended.stderr) == (0, ""), ended


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_health_asks_a_wildcard_server_on_loopback(tmp_path: Path, host: str) -> None:
    with serving(tmp_path, GOSEVENTH_PORT="0", GOSEVENTH_HOST=host) as line:
        match = re.search(r"http://(?P<host>\S+):(?P<port>\d+) ", line)
        assert match is not None
        assert match["host"] == (f"[{host}]" if ":" in host else host)
        assert run("health", "--host", host, "--port", match["port"]).returncode == 0


def test_health_without_a_server_is_1_in_one_line(directory: Path) -> None:
    with Server(directory) as running:
        port = str(running.port)
    ended = run("health", "--port", port)
    assert ended.returncode == 1
    assert re.fullmatch(rf"[^\n]*127\.0\.0\.1:{port}[^\n]*\n", ended.stdout + ended.stderr)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nLocation: /health\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
    ],
    ids=ascii,
)
def test_health_of_anything_that_does_not_answer_200_is_1(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def say() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(65536)
                client.sendall(answer)

        thread = threading.Thread(target=say)
        thread.start()
        ended = run("health", "--port", str(listener.getsockname()[1]))
        thread.join()
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert len((ended.stdout + ended.stderr).splitlines()) == 1


def test_health_of_a_host_that_is_not_there_is_1() -> None:
    ended = run("health", "--host", "no.such.host.invalid", "--port", "1")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("name", ["x" * 300, "file/below"])
def test_a_directory_that_can_not_be_made(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    ended = run("serve", "--port", "0", "--data-dir", str(tmp_path / name), cwd=tmp_path)
    assert ended.returncode == 1
    assert re.fullmatch(r"goseventh: .* can't be made: .*; choose another --data-dir\n", ended.stderr)
