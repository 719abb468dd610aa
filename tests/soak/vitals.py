"""What must stay flat while a server runs: its memory, open files, reader slots, and its file per person."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import lmdb

from storage.layout import DATA_FILE
from tests.serving import Server


class Vitals(NamedTuple):
    """One look at a server that nobody asks anything at the moment."""

    seconds: float
    """Since the soak began."""
    people: int
    memory: int
    """Bytes of the whole process tree that are no file's (PSS): what can leak."""
    mapped: int
    """Bytes of it that are, above all the store's pages, which the kernel takes back when it needs them."""
    files: int
    """Open files of all workers."""
    readers: int
    """Slots of LMDB's reader table in use."""
    size: int
    """Bytes of the store's file."""


def take(server: Server, seconds: float) -> Vitals:
    """Looks."""
    processes = [server.process.pid, *server.workers()]
    anonymous = whole = 0
    for process in processes:
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            name, _, value = line.partition(":")
            whole += int(value.split()[0]) << 10 if name == "Pss" else 0
            anonymous += int(value.split()[0]) << 10 if name == "Pss_Anon" else 0
    files = sum(len(os.listdir(f"/proc/{process}/fd")) for process in processes[1:])
    return Vitals(
        seconds,
        server.count(),
        anonymous,
        whole - anonymous,
        files,
        _readers(server.directory),
        (server.directory / DATA_FILE).stat().st_size,
    )


def _readers(directory: Path) -> int:
    with lmdb.open(os.fspath(directory), readonly=True, create=False) as environment:
        lines = environment.readers().strip().splitlines()
    return max(0, len(lines) - 1) if lines and lines[0].split()[0] == "pid" else 0


def table(looks: Sequence[Vitals]) -> str:
    """Start, middle and end."""
    lines = ["          seconds   people   own MB   mapped MB   files   readers   file MiB   bytes a person"]
    for name, one in zip(("start", "middle", "end"), thirds(looks), strict=True):
        per_person = f"{one.size / one.people:.0f}" if one.people else "-"
        lines.append(
            f"  {name:7} {one.seconds:7.0f} {one.people:8,} {one.memory / 1e6:8.1f} {one.mapped / 1e6:11.1f} "
            f"{one.files:7} {one.readers:9} {one.size / (1 << 20):10.1f} {per_person:>16}"
        )
    return "\n".join(lines)


def thirds(looks: Sequence[Vitals]) -> tuple[Vitals, Vitals, Vitals]:
    """The first, the one halfway in time, and the last."""
    half = (looks[0].seconds + looks[-1].seconds) / 2
    return looks[0], min(looks, key=lambda one: abs(one.seconds - half)), looks[-1]


def leaks(looks: Sequence[Vitals]) -> list[str]:
    """What is not flat from the middle to the end or, less strictly as caches fill first, from the start."""
    start, middle, end = thirds(looks)
    found = []
    for before, factor in ((start, 2.0), (middle, 1.25)):
        since = f"since second {before.seconds:.0f}"
        if end.memory > factor * before.memory + (16 << 20):
            found.append(f"memory grew from {before.memory:,} to {end.memory:,} bytes {since}")
        if end.files > before.files + 16:
            found.append(f"open files grew from {before.files} to {end.files} {since}")
        if end.readers > before.readers + 8:
            found.append(f"reader slots grew from {before.readers} to {end.readers} {since}")
        if before.people and end.size / end.people > factor * before.size / before.people:
            found.append(
                f"the file grew from {before.size:,} bytes to {end.size:,} {since}, faster than people"
            )
    return found
