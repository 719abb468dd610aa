"""Whether a store is what was written, and everything in it agrees with everything else."""

from collections.abc import Iterator
from pathlib import Path

from storage.agreement import Agreement, Read
from storage.audit import Progress, audit, unseen
from storage.errors import Faulty
from storage.layout import open_read_only
from storage.recovery import refuse_pending


def verify(directory: Path, read: Read, progress: Progress = unseen) -> Iterator[str]:
    """One line for each fault of the store in `directory`, none if it is whole; changes nothing.

    `read` says what documents stand for, `progress` is told how far it is. Takes the memory of the audit, and
    some hundred bytes a segment; none a person. Only the holder of the directory's lock may call this. Raises
    Unusable for what is no store, and while people wait in its log.
    """
    readable = True
    for fault in audit(directory, progress):
        readable = False
        yield f"structure: {fault}"
    if not readable:
        yield "structure: nothing else was checked, for to read on could end the process"
        return
    try:
        environment = open_read_only(directory)
    except Faulty as error:
        yield str(error)
        return
    with environment, environment.begin(buffers=True) as snapshot:
        agreement = Agreement(environment, snapshot, read, progress)
        refuse_pending(directory, agreement.moved())
        yield from agreement.faults()


def count(directory: Path) -> int:
    """How many people there are in a store that was verified, under the same lock."""
    with open_read_only(directory) as environment, environment.begin() as snapshot:
        return snapshot.stat(environment.open_db(b"people", snapshot, create=False))["entries"]
