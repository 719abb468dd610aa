"""What one worker notes of its requests, its store and itself, while it serves."""

import logging
from collections.abc import Collection
from time import monotonic
from typing import TYPE_CHECKING

from sanic import Request

from goseventh import request_id, tally
from goseventh.answers import Answer
from goseventh.tally import Tally

if TYPE_CHECKING:
    from goseventh.strict_http import StrictHttp

_access_log = logging.getLogger("goseventh.access")


class Watch:
    """Is told of everything that is counted, and adds it to this worker's row.

    Requests, searches and connections are the event loop's to tell, groups and commits the writing threads':
    never two at once of the same.
    """

    def __init__(self, shared: Tally, index: int, *, access_log: bool) -> None:
        """`index` is this worker's place among all; `access_log` has each answer logged."""
        self.shared = shared
        self._row = shared.row(index)
        self._access_log = access_log
        self._count = {
            f"goseventh.{name}": columns.counter(self._row) for name, columns in tally.ANSWERED.items()
        }
        self._count_other = tally.ANSWERED[tally.OTHER].counter(self._row)
        self.connections: Collection[object] = ()
        """Those that are open."""
        self._stopping = False
        # What those who had this row before have come to.
        self._blocks, self._skipped = self._row[tally.BLOCKS], self._row[tally.SKIPPED]
        self._row[tally.STARTS] += 1
        self._row[tally.SERVING] = self._row[tally.CONNECTIONS] = self._row[tally.WAITING] = 0

    def serve(self) -> None:
        """This worker answers from now on."""
        self._row[tally.SERVED] += 1
        self._row[tally.SERVING] = 1

    def stop(self) -> None:
        """This worker answers who is there, and nobody new."""
        self._stopping = True
        self._row[tally.SERVING] = 0

    def trouble(self) -> str | None:
        """Why nobody should be sent here now; None if somebody may, which takes a worker in every place."""
        if self._stopping:
            return "the server is stopping"
        return None if all(self.shared.column(tally.SERVED)) else "the server is starting"

    def measure(self, waiting: int) -> None:
        """Notes what goes up and down, among it how many creations wait; called now and then."""
        self._row[tally.CONNECTIONS] = len(self.connections)
        self._row[tally.WAITING] = waiting

    def answered(self, http: "StrictHttp", answer: Answer) -> bytes:
        """Counts an answer that is about to be sent. Returns the lines that its head gets for that.

        It took as long as it is since the last bytes came: neither a slow client's time nor its network's.
        """
        request = http.request
        route = None if request is None else request.route
        status, seconds = answer.status, monotonic() - http.protocol._time
        if route is None:
            self._count_other(status, seconds)
        else:
            self._count[route.name](status, seconds)
        if self._access_log:
            _log_access(request, answer, seconds)
        elif request is None or (status < 500 and request_id.HEADER not in request.headers):
            return b""
        return b"" if request is None else b"X-Request-ID: %b\r\n" % request_id.of(request).encode()

    def shed(self) -> None:
        """A connection has to go, or is not let in, for there are too many."""
        self._row[tally.SHED] += 1

    def searched(self, kind: str, seconds: float) -> None:
        """A search of the kind ("exact" or "fuzzy") took so long, waiting for others included."""
        tally.SEARCHES[kind].add(self._row, seconds)

    def looked_into(self, blocks: int, skipped: int) -> None:
        """Exact searches here have met so many blocks by now, and passed over so many. By any thread."""
        self._row[tally.BLOCKS] = self._blocks + blocks
        self._row[tally.SKIPPED] = self._skipped + skipped

    def wrote_group(self, size: int) -> None:
        """So many records were answered together."""
        tally.GROUPS.add(self._row, size)

    def committed(self, seconds: float) -> None:
        """A durable commit took so long, its flush included."""
        tally.COMMITS.add(self._row, seconds)


def _log_access(request: Request | None, answer: Answer, seconds: float) -> None:
    """Logs an answer; `request` is None where what came was none.

    Without its query: terms of searches are people's names.
    """
    fields: dict[str, object] = {
        "method": "-" if request is None else request.method,
        "path": "-" if request is None else request.path,
        "status": answer.status,
        "milliseconds": round(seconds * 1000, 3),
        "bytes": answer.size,
    }
    if request is not None:
        fields |= {"client": request.ip, "request_id": request_id.of(request)}
    _access_log.info("%(method)s %(path)s %(status)d %(milliseconds).1f ms", fields, extra={"fields": fields})
