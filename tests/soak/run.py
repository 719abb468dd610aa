"""The tournament's load on a loop, while workers are killed and the disk fills and is freed.

`python -m tests.soak.run` takes SOAK_MINUTES (30) minutes. It ends with a check of the whole store: nobody
who was acknowledged may be missing, and nothing may have grown but by its people.
"""

import errno
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from zlib import crc32

from goseventh import person
from goseventh.bench.open_load.client import Target
from goseventh.bench.open_load.exchange import Exchange
from goseventh.bench.open_load.load import Load
from goseventh.bench.open_load.schedule import TOURNAMENT, Kind, Phase
from goseventh.bench.open_load.script import Script, write
from goseventh.bench.people import CREATED, UNACCEPTABLE, fresh_mark
from goseventh.bench.wire import Site
from goseventh.limits import raise_file_limit
from goseventh.progress import progress
from storage import records
from storage.layout import open_read_only
from storage.verify import verify
from tests.serving import Server, until
from tests.soak import vitals
from tests.soak.verdict import shortcomings
from tests.storage.disk import FaultyDisk

MINUTES = 30.0
# The tournament at its own rates, each phase a tenth as long: a round of 20 s.
PLAN = {
    kind: tuple(Phase(phase.seconds / 10, phase.first, phase.last) for phase in phases)
    for kind, phases in TOURNAMENT.items()
}
PATIENCE = 15.0


class Ledger:
    """Who was acknowledged, and what was answered."""

    def __init__(self) -> None:
        self.promised: dict[bytes, int] = {}
        """Id → CRC-32 of the document."""
        self.unknown = 0
        """Creations that may or may not have happened."""
        self.answers: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()

    def note(self, exchange: Exchange, script: Script) -> None:
        """Enters one exchange, and whether its answer may be."""
        kind, status = exchange.kind, 0 if exchange.missing else exchange.status
        self.answers[f"{kind.value} {status or 'cut'}"] += 1
        allowed = {0, 503}
        if kind is Kind.CREATE:
            wanted = script.people[exchange.index].status
            allowed |= {wanted, 507} | ({UNACCEPTABLE} if wanted == CREATED else set())
            if exchange.created:
                key = bytes.fromhex(exchange.location.rpartition("/")[2].replace("-", ""))
                self.promised[key] = crc32(exchange.body)
            self.unknown += status in (0, 503)
        elif kind is Kind.READ:
            allowed.add(200)
            key = bytes.fromhex(exchange.body[7:43].decode().replace("-", "")) if status == 200 else b""
            if status == 200 and self.promised.get(key) != crc32(exchange.body):
                self.wrong["another person was read than the one created"] += 1
        else:
            allowed.add(200 if kind is Kind.SEARCH else 400)
        if status not in allowed:
            self.wrong[f"{kind.value} answered {status}"] += 1

    def lost(self, directory: Path) -> int:
        """How many of the acknowledged are not in the store as they were.

        Others may be there only as far as an answer failed to say whether they are.
        """
        left = dict(self.promised)
        others = changed = 0
        with open_read_only(directory) as environment, environment.begin() as snapshot:
            for key, stored in snapshot.cursor(environment.open_db(b"people", snapshot, create=False)):
                promised = left.pop(bytes(key), None)
                others += promised is None
                changed += promised not in (None, crc32(records.document(bytes(stored))))
        if others > self.unknown:
            self.wrong["people whom nobody may have created"] += others - self.unknown
        return len(left) + changed


def torment(server: Server, disk: FaultyDisk, stopped: Event, deeds: Counter[str]) -> None:
    """Kills workers and fills the disk until told to stop."""
    chance = random.Random()
    while not stopped.wait(chance.uniform(1, 4)):
        if chance.random() < 0.5:
            with suppress(ProcessLookupError, IndexError):  # it is gone already, or all are
                os.kill(chance.choice(sorted(server.workers())), signal.SIGKILL)
                deeds["workers killed"] += 1
        else:
            with disk.failing("write", errno.ENOSPC):
                stopped.wait(chance.uniform(0.2, 1.5))
            deeds["disk filled"] += 1


def main() -> int:
    """Soaks, prints what was seen, and returns 1 if anything is wrong."""
    seconds = float(os.environ.get("SOAK_MINUTES", MINUTES)) * 60
    if not seconds > 0:
        print("SOAK_MINUTES must be over 0", file=sys.stderr)
        return 2
    raise_file_limit()
    planned = 0
    ledger, deeds, looks = Ledger(), Counter[str](), list[vitals.Vitals]()
    with tempfile.TemporaryDirectory() as place:
        directory, disk = Path(place) / "data", FaultyDisk(Path(place))
        with (
            Server(directory, workers=2, **disk.variables) as server,
            progress(sys.stderr, thread=True) as show,
        ):
            began = time.monotonic()
            while (passed := time.monotonic() - began) < seconds:
                script = write(Site(f"http://127.0.0.1:{server.port}"), PLAN, len(looks), 1.0, fresh_mark())
                planned += sum(one.status == CREATED for one in script.people)
                stopped = Event()
                tormentor = Thread(target=torment, args=(server, disk, stopped, deeds))
                load = Load(Target("127.0.0.1", server.port), script, PATIENCE, lambda load: None, 1.0)
                tormentor.start()
                load.run()
                stopped.set()
                tormentor.join()
                for exchange in load.exchanges:
                    ledger.note(exchange, script)
                until(lambda: len(server.workers()) == 2 and server.request("GET", "/health").status == 200)
                looks.append(vitals.take(server, time.monotonic() - began))
                show(
                    round(passed),
                    round(seconds),
                    f"{len(ledger.promised):,} people, {deeds.total()} misdeeds",
                )
            code = server.stop()
        faults = list(verify(directory, person.read))
        lost = ledger.lost(directory)
    print(", ".join(f"{count} times {deed}" for deed, count in deeds.items()))
    print("answers: " + ", ".join(f"{name}: {count:,}" for name, count in sorted(ledger.answers.items())))
    print(vitals.table(looks))
    print(
        f"{len(ledger.promised):,} acknowledged of {planned:,} valid ones, {lost} lost; "
        f"verify: {len(faults)} faults; exit code {code}"
    )
    problems = [*faults, *ledger.wrong, *vitals.leaks(looks)]
    problems += shortcomings(len(looks), deeds, ledger.answers, planned)
    for problem in problems:
        print(f"wrong: {problem}")
    return 1 if problems or lost or code else 0


if __name__ == "__main__":
    sys.exit(main())
