"""The benchmark's server over PostgreSQL: it serves, and leaves nothing behind."""

from pathlib import Path

import orjson
import pytest

from goseventh.bench.processes.server import Server
from tests.serving import alive, ask
from tests.test_contract import person


@pytest.mark.debian("postgres")
def test_it_serves_and_all_of_it_ends() -> None:
    with Server("goseventh.bench.processes.conventional", "1") as server:
        connection = server.connect()
        assert ask(connection, "POST", "/pessoas", orjson.dumps(person())).status == 201
        assert ask(connection, "GET", "/stats").json["store"]["kind"] == "postgresql"
        connection.close()
        everyone = [pid for child in server.processes() for pid in [child, *_children(child)]]
        assert len(everyone) > 8
    assert not any(map(alive, everyone))


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
