"""What `storage.bulk` would do to a store, without a change of it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from storage import bulk, people
from storage.beside import Beside
from storage.bulk import Fate, Given, Tables
from storage.environment import Environment
from storage.errors import Unusable
from storage.layout import DATA_FILE, open_read_only
from storage.recovery import waiting_groups

Judge = Callable[[Sequence[Given]], list[Fate]]
"""Says what would become of each of a group."""


@contextmanager
def rehearsing(directory: Path, new: Environment) -> Iterator[Judge]:
    """Yields what says of each of a group what would become of it in `directory`, after all groups before.

    Judges by the store there, if there is one, which is only read, and by `new`, an empty store that whoever
    would be added is added to, for people may be too many for memory. Raises Unusable. Only the holder of the
    lock of `directory` may call this.
    """
    with ExitStack() as stack:
        if not (directory / DATA_FILE).exists():
            yield lambda group: _add(new, group)
            return
        opened = stack.enter_context(open_read_only(directory))
        try:
            old = Beside(opened, waiting_groups(directory))
        except OSError as error:
            raise Unusable(f"who waits in {directory} can't be read: {error.strerror}") from error
        snapshot = stack.enter_context(opened.begin())
        databases = old.databases(snapshot)
        tables = Tables(databases["people"], databases["nicknames"])
        with new.writing() as transaction:
            people.settle(new, transaction, old.waiting(snapshot), 0)

        yield after(lambda group: bulk.judge(tables, snapshot, group), new)


def after(judge: Judge, new: Environment) -> Judge:
    """What says the same of each of a group after all groups before: whom `judge` takes is added to `new`."""

    def judge_all(group: Sequence[Given]) -> list[Fate]:
        fates = judge(group)
        left = [given for given, fate in zip(group, fates, strict=True) if fate is Fate.ADDED]
        later = iter(_add(new, left))
        return [next(later) if fate is Fate.ADDED else fate for fate in fates]

    return judge_all


def _add(new: Environment, group: Sequence[Given]) -> list[Fate]:
    with new.writing() as transaction:
        return bulk.add(new, transaction, group)
