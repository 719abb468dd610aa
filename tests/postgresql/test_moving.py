"""Moving people from a directory to a database and back: ids kept, nobody twice, whoever else writes."""

import asyncio
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from goseventh.bench.processes.cluster import Cluster
from goseventh.postgresql.sessions import connect
from storage import records
from tests.postgresql.running import goseventh
from tests.serving import ROOT, Server, until
from tests.stores import database, execute
from tests.test_contract import own, person, post

pytestmark = pytest.mark.debian("postgres")
ELSEWHERE = "12345678-1234-4234-8234-123456789abc"


def lines(*people: dict[str, object]) -> bytes:
    return b"".join(orjson.dumps(one) + b"\n" for one in people)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """What was written to it is imported."""
    return tmp_path / "people.ndjson"


def test_there_and_back_everybody_is_the_same_to_the_byte(
    url: str, running: Server, directory: Path, file: Path, tmp_path: Path
) -> None:
    names = ("z", "çé\u2028", '"\\', "\0\1\2\3\4", "%_", "ß" * 32)
    given = [person(apelido=name, stack=[name, name]) for name in names] + [person() for _ in range(300)]
    with Server(directory) as server:
        for one in given:
            assert post(server, one).status == 201
    goseventh("export", "--data-dir", str(directory), str(file))
    first = file.read_bytes()
    assert first.count(b"\n") == len(given)
    came = goseventh("import", str(file), GOSEVENTH_STORE=url)
    assert (came.returncode, came.stdout) == (0, f"{len(given)} people added, 0 already there, 0 refused\n")
    # The server was running all the time.
    assert running.count() == len(given)
    for line in first.splitlines()[:10]:
        assert running.request("GET", f"/pessoas/{orjson.loads(line)['id']}").body == line
    assert running.request("GET", "/pessoas?t=%25_").body == b"[%b]" % first.splitlines()[4]
    again = goseventh("import", str(file), GOSEVENTH_STORE=url)
    assert again.stdout == f"0 people added, {len(given)} already there, 0 refused\n"
    assert goseventh("export", str(tmp_path / "out"), GOSEVENTH_STORE=url).stdout.startswith("ok: 306 people")
    assert (tmp_path / "out").read_bytes() == first
    goseventh("import", "--data-dir", str(tmp_path / "other"), str(tmp_path / "out"))
    goseventh("export", "--data-dir", str(tmp_path / "other"), str(tmp_path / "last"))
    assert (tmp_path / "last").read_bytes() == first


def test_both_stores_say_the_same_of_every_line(cluster: Cluster, tmp_path: Path, file: Path) -> None:
    ana, bia = person(apelido="ana") | {"id": ELSEWHERE}, person(apelido="bia")
    assert records.bucket(b"ana") != records.bucket(b"eva")
    file.write_bytes(
        lines(
            ana,
            ana,
            bia,
            bia,
            person(apelido="eva") | {"id": ELSEWHERE},
            person(apelido="ana"),
            bia | {"nome": "Other"},
            person(apelido=""),
        )
        + b"no JSON\n"
    )
    url = database(cluster)
    goseventh("migrate", GOSEVENTH_STORE=url)
    for flags in (["--dry-run"], []):
        embedded = goseventh("import", *flags, "--data-dir", str(tmp_path / "data"), str(file))
        other = goseventh("import", *flags, str(file), GOSEVENTH_STORE=url)
        assert (other.returncode, other.stdout, other.stderr) == (1, embedded.stdout, embedded.stderr)
        assert "line 5: somebody else has this id" in other.stderr
        if flags:
            assert "would be added" in other.stdout
    assert "2 people added, 3 already there, 4 refused" in other.stdout
    assert [bytes(row[0]) for row in execute(url, "SELECT apelido FROM goseventh.people ORDER BY 1")] == [
        b"ana",
        b"bia",
    ]


def test_who_took_a_nickname_meanwhile_keeps_it(url: str, file: Path) -> None:
    mine, others = own(), [own() for _ in range(20)]
    file.write_bytes(lines(*(person(apelido=name) for name in [mine, *others])))

    async def race() -> "subprocess.CompletedProcess[str]":
        session = await connect(url)
        held = session.transaction()
        await held.start()
        await session.execute(
            "INSERT INTO people VALUES ($1, gen_random_uuid(), $2, 'x', 'x')",
            records.bucket(mine.encode()),
            mine.encode(),
        )
        command = [sys.executable, "-m", "goseventh", "import", "--store", url, str(file)]
        importing = asyncio.create_task(
            asyncio.to_thread(
                subprocess.run, command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
            )
        )
        await asyncio.to_thread(
            until, lambda: execute(url, "SELECT FROM pg_stat_activity WHERE wait_event = 'transactionid'")
        )
        await held.commit()
        await session.close()
        return await importing

    ended = asyncio.run(race())
    assert ended.stderr == "line 1: somebody else has this nickname\n"
    assert ended.stdout == "20 people added, 0 already there, 1 refused\n"


def test_without_tables_or_database_nothing_is_moved(cluster: Cluster, tmp_path: Path, file: Path) -> None:
    file.write_bytes(lines(person()))
    url = database(cluster)
    for command in (["export"], ["import", "--dry-run", str(file)]):
        refused = goseventh(*command, GOSEVENTH_STORE=url)
        assert refused.returncode == 2
        assert "goseventh migrate" in refused.stderr
    refused = goseventh("export", str(tmp_path / "out"), GOSEVENTH_STORE="postgresql://127.0.0.1:1/people")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert not (tmp_path / "out").exists()
