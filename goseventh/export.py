"""`goseventh export`: everybody as lines of JSON, oldest first, also while a server runs."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from goseventh import places
from goseventh.endings import FAULTY, ended, persons
from goseventh.output import output, say, silence
from goseventh.progress import progress
from goseventh.settings import Settings
from storage.beside import reading
from storage.errors import Unusable
from storage.export import documents
from storage.layout import flush, give_open

_STEP = 1000


def run(settings: Settings, target: Path | None) -> int:
    """Writes everybody who was answered when it began into a new file, or to standard output."""

    def work() -> int:
        number = 0
        with (
            _everybody(settings) as (total, documents),
            _writing(target) as file,
            progress(sys.stderr, thread=True) as show,
        ):
            for document in documents:
                if number % _STEP == 0:
                    show(number, total, "people")
                number += 1
                file.write(document + b"\n")
        if target is not None:
            say(f"ok: {persons(number)} in {target}")
        return 0

    try:
        return ended(work, "nothing whole was written")
    except BrokenPipeError:
        return FAULTY


@contextmanager
def _everybody(settings: Settings) -> Iterator[tuple[int, Iterator[bytes]]]:
    """About how many people there are, and their documents, the oldest first."""
    if settings.store is None:
        with reading(settings.data_dir, settings.map_size) as store, store.lmdb.begin() as snapshot:
            total = snapshot.stat(store.databases(snapshot)["people"])["entries"]
            yield total, documents(store, snapshot)
        return
    places.need_driver()
    from goseventh.postgresql.export import everybody

    with everybody(settings.store) as found:
        yield found


@contextmanager
def _writing(target: Path | None) -> Iterator[BinaryIO]:
    """Standard output; or a file that is there when it is whole and flushed, and not before."""
    if target is None:
        with _standard_output() as file:
            yield file
        return
    if os.path.lexists(target):
        raise _there(target)
    partial = target.with_name(f"{target.name}.partial")
    try:
        # As close as the store that it comes from.
        file = open(partial, "xb", opener=lambda path, flags: os.open(path, flags, 0o640))  # noqa: SIM115
    except FileExistsError as error:
        raise Unusable(
            f"{partial} is there already, of another export or one that was killed: see to it"
        ) from error
    except OSError as error:
        raise Unusable(f"{target} can't be written: {error.strerror}") from error
    try:
        with file:
            give_open(file.fileno(), partial, partial.parent)
            yield file
            file.flush()
            os.fsync(file.fileno())
        # A rename would take the place of what has come meanwhile.
        os.link(partial, target)
        partial.unlink()
        flush(target.resolve().parent)
    except FileExistsError as error:
        raise _there(target) from error
    except OSError as error:
        raise Unusable(f"{target} can't be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)


def _there(target: Path) -> Unusable:
    return Unusable(f"{target} is there already: choose another name")


@contextmanager
def _standard_output() -> Iterator[BinaryIO]:
    if sys.stdout is None:
        raise Unusable("standard output is closed")
    try:
        with output() as file:
            yield file
    except OSError as error:
        silence(sys.stdout)
        if isinstance(error, BrokenPipeError):  # whoever reads has seen enough
            raise
        raise Unusable(f"standard output can't be written: {error.strerror}") from error
