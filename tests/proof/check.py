"""The oracle: opens what a crash has left, as the server would, and says what became of whom.

After any crash the store holds everyone acknowledged; beyond them only whole people whose request got a 5xx
or no answer; and all of it agrees. Runs in a process of its own, since a broken file can crash LMDB:
`examiner.py` hands it one job a line.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

import lmdb.verify
import orjson

from goseventh import person, serve
from index import segment, text
from storage.environment import DATA_FILE, Environment, open_environment
from storage.people import Created
from storage.records import Record, document, format_id
from storage.store import Store
from storage.strategies import table
from storage.strategies.shape import Outcome
from storage.verify import verify

_MAP_SIZE = 1 << 30
_PATH = "/pessoas/"
_STRANGER = "criada depois"


class Job(NamedTuple):
    """One directory to examine, and who may be there."""

    directory: str
    strategy: str
    must: Mapping[str, str]
    """Id → document: everyone who was promised."""
    may: Mapping[str, Mapping[str, Any]]
    """Nickname → person: everyone who may be there."""


class Verdict(NamedTuple):
    """What was found."""

    lost: int
    """How many who must be there are not, or differ."""
    faults: list[str]
    """Why it can't be read, or what in it disagrees; none if all is well."""
    strangers: list[str]
    """Nicknames of people who were never asked for, or not as they are."""
    people: int = 0


def examine(job: Job) -> Verdict:
    """Examines what a crash has left in `job.directory`, and has the store go on from there."""
    directory = Path(job.directory)
    try:
        faults = _audit(directory)
        if faults:  # it could crash LMDB
            return Verdict(len(job.must), faults, [])
        serve._prepare(directory, _MAP_SIZE)
        lost = _use(directory, job)
        environment = open_environment(directory, _MAP_SIZE)
        try:
            found = _people(environment)
            faults = [*verify(environment), *_disagreements(environment, found)]
        finally:
            environment.close()
        strangers = [name for name, body in found.items() if not _is_known(name, body, job)]
        return Verdict(lost, faults, strangers, len(found) - 1)
    except Exception as error:
        return Verdict(len(job.must), [f"{type(error).__name__}: {error}"], [])


def _audit(directory: Path) -> list[str]:
    """What LMDB's own structure has wrong: a walk over the bytes, which nothing can crash."""
    path = directory / DATA_FILE
    if not path.exists():
        return []  # never made whole
    found = lmdb.verify.verify(path, subdir=False)  # type: ignore[no-untyped-call]
    return [f"structure: {fault}" for fault in found][:5]


def _use(directory: Path, job: Job) -> int:
    """Reads as the endpoints do and creates one more person. Returns how many are lost."""
    outcomes: SimpleQueue[Sequence[tuple[None, Outcome]]] = SimpleQueue()
    with Store[None](directory, table.find(job.strategy), outcomes.put, map_size=_MAP_SIZE) as store:
        lost = 0
        for key, whole in job.must.items():
            stored = store.get(bytes.fromhex(key.replace("-", "")))
            lost += stored is None or stored.decode() != whole
        store.create(Record(_STRANGER.encode(), b'{"id":"', b'"}', text.searchable([_STRANGER])), None)
        if store.search(text.needle("a"), 50) == [] and store.count() > 1:
            raise AssertionError("a search for what everyone has finds nobody")
    [(_, created)] = outcomes.get(timeout=10)
    if not isinstance(created, Created):
        raise AssertionError(f"nobody can be created any more: {created}")
    return lost


def _people(environment: Environment) -> dict[str, dict[str, Any]]:
    """Nickname → the person stored under it, by way of the nicknames."""
    found = {}
    with environment.lmdb.begin() as snapshot:
        for nickname, key in snapshot.cursor(environment.nicknames):
            stored = snapshot.get(bytes(key), b"", db=environment.people)
            found[bytes(nickname).decode()] = orjson.loads(document(bytes(stored)))
    return found


def _is_known(nickname: str, found: Mapping[str, Any], job: Job) -> bool:
    if nickname == _STRANGER:
        return True
    return job.may.get(nickname) == {name: value for name, value in found.items() if name != "id"}


def _disagreements(environment: Environment, found: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Where nicknames and terms are not what the documents say; `verify` knows no documents."""
    texts = {}
    for nickname, stored in found.items():
        if nickname == _STRANGER:
            continue
        record = person.prepare(orjson.dumps(stored))
        texts[str(stored["id"])] = record.text
        if record.nickname != nickname.encode():
            yield f"nickname {nickname}: its person is called {stored['apelido']}"
    with environment.lmdb.begin(buffers=True) as snapshot:
        for _, stored_segment in snapshot.cursor(environment.terms):
            part = segment.read(stored_segment)
            pieces = bytes(part.texts).split(text.ENTRY_END)
            for position in range(len(part.offsets)):
                key = format_id(part.key(position))
                if texts.pop(key, pieces[position]) != pieces[position]:
                    yield f"terms: those of {key} are another's"
            part.offsets.release()
    if texts:
        yield f"terms: {len(texts)} people have none"


def main() -> None:
    """Answers each job on standard input with a verdict on standard output."""
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(orjson.dumps(examine(Job(**orjson.loads(line)))._asdict()) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
