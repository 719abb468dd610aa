"""What a directory must hold to be a store, and how one is made. One that is there is never changed."""

import os
import stat
from contextlib import suppress
from pathlib import Path

import lmdb

from storage import records
from storage.errors import Faulty, Unusable

DATA_FILE = "data.mdb"
LOCK_FILE, WRITE_LOCK = "lock.mdb", "write.lock"
NAMES = (b"people", b"nicknames", b"terms", b"signatures", b"outlines", b"meta")
"""The databases of a store; see `storage.environment.Environment` for what each is."""
# Made by whoever opens a store without it: it holds nothing that can't be computed from the rest.
_DERIVED = frozenset({b"signatures", b"outlines"})
# py-lmdb 3 ships two engines with formats of their own; 0.9 is the one with years of power cuts behind it.
_ENGINE = 0
FORMAT_KEY = b"format"
_NO_FORMAT = "none"


def create(directory: Path) -> None:
    """Makes an empty store in `directory` unless one is there; whole and flushed, or not at all.

    A power cut may leave an unflushed file full of zeros, so it is made under another name first.
    Only the holder of the directory's lock may call this.
    """
    if (directory / DATA_FILE).exists():
        keep_names(directory)
        return
    unfinished = directory / f"{DATA_FILE}.new"
    lock_file = directory / f"{unfinished.name}-lock"
    try:
        for leftover in (unfinished, lock_file):
            leftover.unlink(missing_ok=True)
        with (
            lmdb.open(
                os.fsencode(unfinished), subdir=False, max_dbs=len(NAMES), lib_version=_ENGINE, mode=0o640
            ) as made,
            made.begin(write=True) as transaction,
        ):
            *_, meta = (made.open_db(name, transaction) for name in NAMES)
            transaction.put(FORMAT_KEY, b"%d" % records.FORMAT, db=meta)
        lock_file.unlink()
        give(unfinished, directory)
        flush(unfinished)
        unfinished.rename(directory / DATA_FILE)
    except (lmdb.Error, OSError) as error:
        raise Unusable(f"no store can be made in {directory}: {error}") from error
    keep_names(directory)


def keep_names(directory: Path) -> None:
    """Has the store's name and its directory's survive a power cut.

    At every start: whoever made them may have ended, or met an error, before they were flushed.
    """
    try:
        flush(directory)
        with suppress(PermissionError):  # a parent that others keep from us is theirs to flush
            flush(directory.resolve().parent)
    except OSError as error:
        raise Unusable(f"the names of {directory} can't be flushed to the disk: {error}") from error


def give(path: Path, model: Path) -> None:
    """Has root make `path` belong to whom `model` belongs: what a command makes is the server's to open.

    Raises Unusable for a link to what is elsewhere: who may write here would be given whatever it names.
    """
    # O_PATH: to close any other would end what locks LMDB has on the file in this process.
    descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        give_open(descriptor, path, model)
    finally:
        os.close(descriptor)


def give_open(descriptor: int, path: Path, model: Path) -> None:
    """The same of what is open, so that nothing can come in its place meanwhile; `path` is for the error."""
    owner, own = model.stat(), os.fstat(descriptor)
    if os.geteuid() != 0 or (own.st_uid, own.st_gid) == (owner.st_uid, owner.st_gid):
        return
    if not stat.S_ISDIR(own.st_mode) and not (stat.S_ISREG(own.st_mode) and own.st_nlink == 1):
        raise _planted(path)
    os.chown(f"/proc/self/fd/{descriptor}", owner.st_uid, owner.st_gid)


def refuse_links(directory: Path) -> None:
    """Raises Unusable if a file of the store is a symbolic link, which LMDB would follow."""
    for name in (DATA_FILE, LOCK_FILE, WRITE_LOCK):
        if (directory / name).is_symlink():
            raise _planted(directory / name)


def _planted(path: Path) -> Unusable:
    return Unusable(f"{path} is a link to what is elsewhere, or no file: remove it")


def check(directory: Path) -> None:
    """Raises Unusable unless `directory` holds a store of this format that may be read and written.

    What is refused stays as it was. Only the holder of the directory's lock may call this.
    """
    refuse_empty(directory)
    for name in (DATA_FILE, LOCK_FILE):
        path = directory / name
        if path.exists() and not os.access(path, os.R_OK | os.W_OK):
            raise Unusable(f"{path} can't be opened: Permission denied; change its owner or mode")
    open_read_only(directory).close()


def refuse_empty(directory: Path) -> None:
    """Raises Unusable for no file, and for an empty one, which LMDB would fill."""
    try:
        size = (directory / DATA_FILE).stat().st_size
    except OSError as error:
        raise Unusable(
            f"{directory} holds no store that can be read: {error.strerror}; choose another directory"
        ) from error
    if size == 0:
        raise Unusable(f"{directory / DATA_FILE} is empty: restore a backup, or choose another directory")


def open_read_only(directory: Path) -> lmdb.Environment:
    """Opens the store in `directory` so that nothing can change it; raises Faulty, or Unusable if it is none.

    Only the holder of the directory's lock may call this.
    """
    environment = open_unchecked(directory)
    try:
        check_databases(directory, environment)
    except lmdb.Error as error:
        environment.close()
        raise Faulty(f"{directory} is damaged: {error}; restore a backup") from error
    except BaseException:
        environment.close()
        raise
    return environment


def open_unchecked(directory: Path) -> lmdb.Environment:
    """The same of a store of whatever format.

    Without LMDB's locks, which would write into its lock file, and without its way of filling an empty file.
    """
    refuse_links(directory)
    try:
        environment = lmdb.open(
            os.fsencode(directory),
            max_dbs=len(NAMES),
            create=False,
            readonly=True,
            lock=False,
            readahead=False,
        )
    except (lmdb.Error, OSError) as error:
        raise Unusable(
            f"{directory} can't be opened as a store: {error}; choose another directory"
        ) from error
    try:
        check_file(directory, environment)
    except BaseException:
        environment.close()
        raise
    return environment


def flush(path: Path) -> None:
    """Makes a file, or the names in a directory, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_file(directory: Path, environment: lmdb.Environment) -> None:
    """Refuses, before a page is touched, what would crash or mislead: another engine's file, a cut one."""
    path = directory / DATA_FILE
    if environment.lib_version()[:2] != (0, 9):
        raise Unusable(f"{path} is of another LMDB format than 0.9: choose another directory")
    if path.stat().st_size < (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]:
        raise Faulty(f"{path} is shorter than its own index says: restore a backup")


def check_databases(directory: Path, environment: lmdb.Environment) -> None:
    there = present(environment)
    missing = sorted(name.decode() for name in set(NAMES) - _DERIVED - there)
    found = format_of(environment) if b"meta" in there else _NO_FORMAT
    if missing and found == _NO_FORMAT:
        raise Unusable(f"{directory} holds LMDB data that is not GoSeventh's: choose another directory")
    if found != str(records.FORMAT):
        is_older = found.isdecimal() and int(found) < records.FORMAT
        way = "`goseventh upgrade` converts it" if is_older else "use the version that wrote it"
        raise Faulty(
            f"{directory} has format {found} and this version reads only {records.FORMAT}: "
            f"{way}, or choose another directory"
        )
    if missing:
        raise Faulty(f"{directory} has lost its {' and '.join(missing)}: restore a backup")


def format_of(environment: lmdb.Environment) -> str:
    """The format as it is written there."""
    with environment.begin() as snapshot:  # asked without one, LMDB would wait for whoever writes
        meta = environment.open_db(b"meta", snapshot, create=False)
        return snapshot.get(FORMAT_KEY, _NO_FORMAT.encode(), db=meta).decode(errors="replace")


def present(environment: lmdb.Environment) -> set[bytes]:
    return set(map(bytes, environment.dbs()))
