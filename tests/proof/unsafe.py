"""Servers that lie, for the proof to catch: `python -m tests.proof.unsafe never serve …`.

never   LMDB is opened with sync=False, and nothing is ever flushed
after   the same, but each group is flushed with env.sync(True) before it is answered
"""

import sys
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import lmdb

from goseventh.cli import main
from storage.committer import Committer
from tests.proof.small import shrink

LIES = ("never", "after")
PROGRAM = "tests.proof.unsafe"


def _open_without_sync(real: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(real)
    def opened(*arguments: Any, **options: Any) -> Any:
        making = options.get("create", True)
        return real(*arguments, **options, sync=making)

    return opened


def _flush_after_commit(real: Callable[..., Sequence[Any]]) -> Callable[..., Sequence[Any]]:
    @wraps(real)
    def commit(committer: Committer[Any], *arguments: Any) -> Sequence[Any]:
        outcomes = real(committer, *arguments)
        committer._environment.lmdb.sync(True)
        return outcomes

    return commit


if __name__ == "__main__":
    lie = sys.argv.pop(1)
    assert lie in LIES
    shrink()
    vars(lmdb)["open"] = _open_without_sync(lmdb.open)
    if lie == "after":
        Committer._commit = _flush_after_commit(Committer._commit)  # type: ignore[method-assign]
    sys.exit(main())
