"""The oracle: opens what a crash has left, as the server would, and says what became of whom.

After any crash the store holds everyone acknowledged; beyond them only whole people whose request got a 5xx
or no answer; and all of it agrees. Runs in a process of its own, since a broken file can crash LMDB:
`examiner.py` hands it one job a line.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

import orjson

from goseventh import embedded, person
from goseventh.output import output
from index import text
from storage.audit import audit
from storage.layout import DATA_FILE, open_read_only
from storage.people import Created
from storage.records import document
from storage.store import Store
from storage.strategies import table
from storage.strategies.shape import Outcome
from storage.verify import verify

_MAP_SIZE = 1 << 30
_PATH = "/pessoas/"
_STRANGER = {"apelido": "criada depois", "nome": "Ana", "nascimento": "2000-10-01", "stack": None}


class Job(NamedTuple):
    """One directory to examine, and who may be there."""

    directory: str
    strategy: str
    must: Mapping[str, str]
    """Id → document: everyone who was promised."""
    may: Mapping[str, Mapping[str, Any]]
    """Nickname → person: everyone who may be there."""
    told: Mapping[str, str]
    """Nickname → id: everyone who was acknowledged, promised or not."""


class Verdict(NamedTuple):
    """What was found."""

    lost: int
    """How many who must be there are not, or differ."""
    faults: list[str]
    """Why it can't be read, or what in it disagrees; none if all is well."""
    strangers: list[str]
    """Nicknames of people who were never asked for, or not as they are."""
    people: int = 0
    missing: int = 0
    """How many of those acknowledged are not there, promised or not."""


def examine(job: Job) -> Verdict:
    """Examines what a crash has left in `job.directory`, and has the store go on from there."""
    directory = Path(job.directory)
    try:
        if (directory / DATA_FILE).exists():  # or it was never made whole
            faults = list(audit(directory))
            if faults:  # it could crash LMDB
                return Verdict(len(job.must), faults, [], missing=len(job.told))
        embedded.prepare(directory, _MAP_SIZE)
        lost = _use(directory, job)
        faults = list(verify(directory, person.read))
        if faults:
            return Verdict(lost, faults, [], missing=len(job.told))
        found = _people(directory)
        strangers = [name for name, body in found.items() if not _is_known(name, body, job)]
        return Verdict(lost, [], strangers, len(found) - 1, len(job.told.keys() - found.keys()))
    except Exception as error:
        return Verdict(len(job.must), [f"{type(error).__name__}: {error}"], [], missing=len(job.told))


def _use(directory: Path, job: Job) -> int:
    """Reads as the endpoints do and creates one more person. Returns how many are lost."""
    outcomes: SimpleQueue[Sequence[tuple[None, Outcome]]] = SimpleQueue()
    with Store[None](directory, table.find(job.strategy), outcomes.put, map_size=_MAP_SIZE) as store:
        lost = 0
        for key, whole in job.must.items():
            stored = store.get(bytes.fromhex(key.replace("-", "")))
            lost += stored is None or stored.decode() != whole
        store.create(person.prepare(orjson.dumps(_STRANGER)), None)
        if store.search(text.needle("a"), 50) == [] and store.count() > 1:
            raise AssertionError("a search for what everyone has finds nobody")
    [(_, created)] = outcomes.get(timeout=10)
    if not isinstance(created, Created):
        raise AssertionError(f"nobody can be created any more: {created}")
    return lost


def _people(directory: Path) -> dict[str, dict[str, Any]]:
    """Nickname → person, for everybody there."""
    with open_read_only(directory) as environment, environment.begin() as snapshot:
        stored = snapshot.cursor(environment.open_db(b"people", snapshot, create=False))
        people = [orjson.loads(document(value)) for _, value in stored]
    return {one["apelido"]: one for one in people}


def _is_known(nickname: str, found: Mapping[str, Any], job: Job) -> bool:
    kept = {name: value for name, value in found.items() if name != "id"}
    return kept in (_STRANGER, job.may.get(nickname)) and found["id"] == job.told.get(nickname, found["id"])


def main() -> int:
    """Answers each job on standard input with a verdict on standard output."""
    write = output()
    for line in sys.stdin.buffer:
        write.write(orjson.dumps(examine(Job(**orjson.loads(line)))._asdict()) + b"\n")
        write.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
