"""Import and export as an operator sees them."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from goseventh import export, importing, settings
from goseventh.directory import scratch
from goseventh.settings import SERVE
from storage.errors import Unusable
from storage.layout import DATA_FILE
from tests.commands import Commands, commands
from tests.serving import ROOT, Server
from tests.storage.disk import KILL
from tests.test_backup import people_of
from tests.test_cli import environment, one_line, run, unchanged

KEPT = "01a20a2a-1ec9-79df-921d-519821812fe2"


def line(**fields: object) -> bytes:
    """A valid person's line, but for `fields`."""
    person = {"apelido": "ana", "nome": "Ana", "nascimento": "2000-10-01", "stack": None} | fields
    return orjson.dumps(person) + b"\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """What was written to it is imported."""
    return tmp_path / "people.ndjson"


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Commands, Path]]:
    root = tmp_path_factory.mktemp("disk")
    with commands(tmp_path_factory.mktemp("work"), root) as made:
        yield made, root


def load(directory: Path, file: Path, *flags: str) -> "subprocess.CompletedProcess[str]":
    return run("import", "--data-dir", str(directory), *flags, str(file))


def exported(directory: Path) -> bytes:
    """What standard output says."""
    command = [sys.executable, "-m", "goseventh", "export", "--data-dir", str(directory)]
    ran = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, check=True, timeout=20)
    return ran.stdout


def test_what_goes_out_comes_in_and_goes_out_the_same(directory: Path, tmp_path: Path, file: Path) -> None:
    with Server(directory) as server:
        documents = [
            server.create(apelido=name, stack=[name]).body for name in ("z", "ana", "çé\u2028", '"\\')
        ]
    first = exported(directory)
    assert first == b"".join(document + b"\n" for document in documents)
    file.write_bytes(first)
    assert load(tmp_path / "other", file).stdout == "4 people added, 0 already there, 0 refused\n"
    assert exported(tmp_path / "other") == first
    with Server(tmp_path / "other") as server:
        assert server.request("GET", f"/pessoas/{orjson.loads(documents[0])['id']}").body == documents[0]
        assert server.request("GET", "/pessoas?t=%C3%A7%C3%A9").body == b"[%b]" % documents[2]
        assert server.count() == 4
    assert people_of(tmp_path / "other") == 4


def test_a_running_server_is_exported_with_who_waits_and_not_imported_into(
    directory: Path, file: Path, tmp_path: Path
) -> None:
    file.write_bytes(line(apelido="new"))
    with Server(directory, "--strategy", "write-behind", "--write-behind-window", "60000") as server:
        documents = [server.create(apelido=name).body for name in ("ana", "bia")]
        assert exported(directory) == b"".join(document + b"\n" for document in documents)
        ended = run("export", "--data-dir", str(directory), str(tmp_path / "out"))
        assert (tmp_path / "out").read_bytes() == b"".join(document + b"\n" for document in documents)
        assert ended.stdout == f"ok: 2 people in {tmp_path / 'out'}\n"
        assert load(directory, file).returncode == 2
        assert server.count() == 2
    ended = run("export", "--data-dir", str(directory), str(tmp_path / "out"))
    assert ended.returncode == 2
    assert "is there already" in one_line(ended.stderr)


def test_each_refused_line_is_told_by_its_number(directory: Path, file: Path) -> None:
    lines = [
        line(),
        line(nome="Another"),
        b"\n",
        line(apelido="kept", id=KEPT.upper()),
        line(apelido="other", id=KEPT),
        line(apelido="bad", id="7"),
        line(apelido="bad", id=7),
        line(apelido="x" * 33),
        b"no JSON\n",
        b'"' + b"x" * 70_000 + b'"\n',
        line(),
        line(apelido="last").rstrip(),
    ]
    file.write_bytes(b"".join(lines))
    ended = load(directory, file)
    assert ended.returncode == 1
    assert ended.stdout == "3 people added, 1 already there, 7 refused\n"
    assert ended.stderr.splitlines() == [
        "line 2: somebody else has this nickname",
        "line 5: somebody else has this id",
        "line 6: id must be a UUID in its 8-4-4-4-12 form.",
        "line 7: id must be a UUID in its 8-4-4-4-12 form.",
        "line 8: apelido must not be longer than 32 characters.",
        "line 9: The body is not JSON in UTF-8.",
        "line 10: it is longer than anybody of a --max-body of 64KiB",
    ]
    assert [orjson.loads(one)["apelido"] for one in exported(directory).splitlines()] == [
        "ana",
        "kept",
        "last",
    ]
    assert KEPT.encode() in exported(directory)
    again = load(directory, file)
    assert again.stdout == "0 people added, 4 already there, 7 refused\n"
    assert again.stderr == ended.stderr


def test_who_came_by_the_largest_body_goes_out_and_comes_in(
    directory: Path, tmp_path: Path, file: Path
) -> None:
    sizes = {"default": 64 << 10, "larger": 256 << 10}
    with Server(directory, "--max-body", "256KiB") as server:
        for name, size in sizes.items():
            assert server.request("POST", "/pessoas", filled(name, size)).status == 201
        assert server.request("POST", "/pessoas", filled("too large", (256 << 10) + 1)).status == 413
    file.write_bytes(exported(directory))
    ended = load(tmp_path / "other", file)
    assert ended.stdout == "1 person added, 0 already there, 1 refused\n"
    assert ended.stderr == "line 2: it is longer than anybody of a --max-body of 64KiB\n"
    ended = load(tmp_path / "other", file, "--max-body", "256KiB")
    assert ended.stdout == "1 person added, 1 already there, 0 refused\n"
    assert exported(tmp_path / "other") == file.read_bytes()


def filled(nickname: str, size: int) -> bytes:
    """A body of `size` bytes, all of which are kept."""
    body = orjson.dumps({"apelido": nickname, "nome": "Ana", "nascimento": "2000-10-01", "stack": []})
    items, rest = divmod(size - len(body) + 1, 35)
    body = body.replace(b"[]", orjson.dumps(["x" * 32] * items + ["x" * (rest - 3)]))
    assert len(body) == size
    return body


def test_a_kept_id_does_not_move_the_clock_of_those_that_are_made(directory: Path, file: Path) -> None:
    late = "ffffffff-ffff-7fff-bfff-ffffffffffff"
    file.write_bytes(line(apelido="late", id=late) + line(apelido="made"))
    assert load(directory, file).returncode == 0
    with Server(directory) as server:
        made = server.create(apelido="later").json["id"]
        assert made < late
        assert server.request("GET", f"/pessoas?t=a&after={late}").json[0]["apelido"] == "made"
    ids = [orjson.loads(one)["id"] for one in exported(directory).splitlines()]
    assert ids[1] < ids[2] == made


def test_a_dry_run_says_what_would_be_and_changes_nothing(directory: Path, file: Path) -> None:
    file.write_bytes(line() + line(apelido="bia", id=KEPT))
    assert load(directory, file).returncode == 0
    file.write_bytes(line() + line(nome="B") + line(apelido="new") + line(apelido="new", nome="B"))
    before = (directory / DATA_FILE).read_bytes()
    ended = load(directory, file, "--dry-run")
    assert ended.stdout == "1 person would be added, 1 already there, 2 refused\n"
    assert [one.partition(":")[0] for one in ended.stderr.splitlines()] == ["line 2", "line 4"]
    assert (directory / DATA_FILE).read_bytes() == before
    done = load(directory, file)
    assert (done.returncode, done.stderr) == (ended.returncode, ended.stderr)


def test_a_dry_run_knows_who_waits_and_leaves_them(directory: Path, file: Path) -> None:
    with Server(directory, "--strategy", "write-behind", "--write-behind-window", "60000") as server:
        documents = [server.create(apelido=name).body for name in ("ana", "bia")]
        server.kill_all()
    (directory / "partial").mkdir()
    file.write_bytes(documents[0] + b"\n" + line(apelido="bia", nome="B") + line(apelido="new"))
    with unchanged(directory):
        ended = load(directory, file, "--dry-run")
    assert ended.stdout == "1 person would be added, 1 already there, 1 refused\n"
    assert ended.stderr == "line 2: somebody else has this nickname\n"
    assert load(directory, file).stdout == "1 person added, 1 already there, 1 refused\n"


def test_a_dry_run_that_is_killed_leaves_nothing_in_tmpdir(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    with scratch(1 << 30) as environment:
        assert list((tmp_path / "tmp").iterdir()) == []
        with environment.writing() as transaction:
            transaction.put(b"key", b"value", db=environment.meta)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    with pytest.raises(Unusable, match="nowhere, can't be used: No such file"), scratch(1 << 30):
        pass


def test_a_dry_run_makes_no_store(tmp_path: Path, file: Path) -> None:
    file.write_bytes(line())
    assert load(tmp_path / "data", file, "--dry-run").stdout.startswith("1 person would be added")
    assert not (tmp_path / "data").exists()


def test_standard_input_is_read_and_an_interrupt_keeps_what_was_added(directory: Path) -> None:
    command = [sys.executable, "-m", "goseventh", "import", "--data-dir", str(directory)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as started:
        assert started.stdin is not None
        assert started.stderr is not None
        lines = [line(apelido=f"number {number}") for number in range(importing.FIRST_GROUP - 1)]
        started.stdin.write(b"".join([*lines, b"bad\n"]))
        started.stdin.flush()
        told = started.stderr.readline()
        started.send_signal(signal.SIGINT)
        output, errors = started.communicate(timeout=20)
    assert told == b"line %d: The body is not JSON in UTF-8.\n" % importing.FIRST_GROUP
    assert started.returncode == 130
    assert output == b"%d people added, 0 already there, 1 refused\n" % (importing.FIRST_GROUP - 1)
    assert errors.startswith(b"goseventh: interrupted: ")
    assert people_of(directory) == importing.FIRST_GROUP - 1


def test_an_exported_file_is_as_close_as_the_store(directory: Path, file: Path, tmp_path: Path) -> None:
    file.write_bytes(line())
    assert load(directory, file).returncode == 0
    out, partial = tmp_path / "out", tmp_path / "out.partial"
    partial.write_bytes(b"mine")
    ended = run("export", "--data-dir", str(directory), str(out))
    assert (ended.returncode, partial.read_bytes()) == (2, b"mine")
    assert f"{partial} is there already" in one_line(ended.stderr)
    partial.unlink()
    assert run("export", "--data-dir", str(directory), str(out)).returncode == 0
    assert out.stat().st_mode & 0o777 == 0o640
    assert not partial.exists()


def test_an_export_never_takes_the_place_of_what_comes_meanwhile(
    directory: Path,
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file.write_bytes(line())
    assert load(directory, file).returncode == 0
    out, link, fsync = tmp_path / "out", tmp_path / "link", os.fsync

    def come(descriptor: int) -> None:
        fsync(descriptor)
        out.write_bytes(b"mine")

    link.symlink_to(tmp_path / "nothing")
    wanted = settings.from_environment(SERVE, {"data_dir": str(directory)})
    monkeypatch.setattr(os, "fsync", come)
    for target in (out, link):
        assert export.run(wanted, target) == 2
        assert f"{target} is there already" in one_line(capsys.readouterr().err)
    assert out.read_bytes() == b"mine"
    assert link.is_symlink()
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize(
    ("command", "streams", "told"),
    [
        ("export", ">/dev/full", "standard output can't be written: No space left on device"),
        ("export", ">&-", "standard output is closed"),
        ("import", "<&-", "standard input is closed"),
        ("import /proc/self/mem", "", "Input/output error"),
    ],
)
def test_streams_that_can_not_be_used(
    directory: Path, file: Path, command: str, streams: str, told: str
) -> None:
    file.write_bytes(line())
    assert load(directory, file).returncode == 0
    shell = f"exec {sys.executable} -m goseventh {command} --data-dir {directory} {streams}"
    ran = subprocess.run(
        ["sh", "-c", shell],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ran.returncode == 2
    assert told in one_line(ran.stderr)


def test_who_closes_the_pipe_early_gets_no_trace(directory: Path, file: Path) -> None:
    file.write_bytes(b"".join(line(apelido=f"number {number}") for number in range(2000)))
    assert load(directory, file).returncode == 0
    command = [sys.executable, "-m", "goseventh", "export", "--data-dir", str(directory)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        started.stdout.readline()
        started.stdout.close()
        errors = started.stderr.read()
    assert (started.returncode, errors) == (1, b"")


@pytest.mark.debian("cc")
@pytest.mark.parametrize(("code", "persistent"), [(KILL, False), (errno.ENOSPC, True), (errno.EIO, False)])
def test_an_import_cut_off_anywhere_can_be_run_again(
    disk: tuple[Commands, Path], file: Path, code: int, persistent: bool
) -> None:
    place = disk[1] / "data"
    ids = [f"{number:08x}{KEPT[8:]}" for number in range(9)]
    kept = [line(apelido=f"kept {number}", id=key) for number, key in enumerate(ids)]
    file.write_bytes(b"".join([*kept, line(apelido="made")]))
    for ended in disk[0].at_each_step(code, "import", "--data-dir", place, file, persistent=persistent):
        assert ended.code in (-signal.SIGKILL if code == KILL else 2, 0), ended
        assert ended.code != 0 or people_of(place) == 10
        again = disk[0].run("import", "--data-dir", place, file)
        assert again.code == 0, again
        assert people_of(place) == 10
        shutil.rmtree(place)
    shutil.rmtree(place)


@pytest.mark.debian("cc")
@pytest.mark.parametrize(("code", "persistent"), [(KILL, False), (errno.ENOSPC, True), (errno.EIO, False)])
def test_an_export_cut_off_anywhere_leaves_no_half_file(
    disk: tuple[Commands, Path], directory: Path, file: Path, code: int, persistent: bool
) -> None:
    file.write_bytes(b"".join(line(apelido=f"number {number}") for number in range(200)))
    assert load(directory, file).returncode == 0
    out, wanted = disk[1] / "out", exported(directory)
    for ended in disk[0].at_each_step(code, "export", "--data-dir", directory, out, persistent=persistent):
        assert ended.code == (-signal.SIGKILL if code == KILL else 2), ended
        assert not out.exists() or out.read_bytes() == wanted
        assert code == KILL or not (disk[1] / "out.partial").exists()
        for path in disk[1].iterdir():
            path.unlink()
    assert out.read_bytes() == wanted
    out.unlink()
