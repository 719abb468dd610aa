"""Lines made ready by a process of their own: in order, by chunks, with its errors, and its end."""

import multiprocessing
import os
import select
import signal
import subprocess
import sys
from io import BytesIO, RawIOBase
from typing import BinaryIO, cast

import pytest

from goseventh import person
from goseventh.lines import CHUNK
from goseventh.preparing import preparing
from storage.bulk import Given
from storage.errors import Unusable
from tests.serving import ROOT
from tests.test_importing import KEPT, line

BODY = 64 << 10


class _Broken(RawIOBase):
    """A file whose disk gives nothing."""

    def readline(self, size: int | None = -1) -> bytes:
        raise OSError(5, "Input/output error")


def test_lines_come_in_order_with_what_is_wrong_with_them() -> None:
    good = [line(apelido=f"number {number}") for number in range(CHUNK + 1)]
    written = b"".join([*good, b"\n", b"no JSON\n", line(apelido="kept", id=KEPT)])
    with preparing(BytesIO(written), BODY) as chunks:
        first, second = chunks
    assert first.given == [Given(*person.prepare_kept(one)) for one in good[:CHUNK]]
    assert (first.numbers, first.refused) == (list(range(1, CHUNK + 1)), [])
    assert second.numbers == [CHUNK + 1, CHUNK + 4]
    assert second.given[1] == Given(*person.prepare_kept(line(apelido="kept", id=KEPT)))
    assert second.refused == [(CHUNK + 3, "The body is not JSON in UTF-8.")]
    assert (second.number, second.read) == (CHUNK + 4, len(written))
    assert multiprocessing.active_children() == []


def test_what_can_not_be_read_is_told() -> None:
    with (
        pytest.raises(OSError, match="Input/output error"),
        preparing(cast(BinaryIO, _Broken()), BODY) as chunks,
    ):
        next(chunks)


def test_a_process_that_was_ended_is_no_end_of_the_file() -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as file, open(writing, "wb"), preparing(file, BODY) as chunks:
        [child] = multiprocessing.active_children()
        child.kill()
        with pytest.raises(Unusable, match="was ended"):
            next(chunks)


def test_the_process_ends_with_whom_it_reads_for() -> None:
    killed = (
        "import os; from goseventh.preparing import preparing\n"
        "with preparing(open(os.dup(0), 'rb'), 65536): os.kill(os.getpid(), 15)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", killed], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as started:
        assert started.wait(20) == -signal.SIGTERM
        assert started.stdout is not None
        # Its standard output ends when nobody has it any more; its standard input never ends.
        assert select.select([started.stdout], [], [], 10)[0]
