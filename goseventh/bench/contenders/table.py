"""The one table of contenders, in the order of the report's columns."""

from goseventh.bench.contenders.postgres import Postgres
from goseventh.bench.contenders.scan import plain, simd
from goseventh.bench.contenders.shape import Open
from goseventh.bench.contenders.sqlite import Sqlite
from goseventh.bench.contenders.store import Embedded

GOSEVENTH = "goseventh"
TABLE: dict[str, Open] = {
    GOSEVENTH: Embedded,
    "bytes.find": plain,
    "stringzilla": simd,
    "sqlite": Sqlite,
    "postgresql": Postgres,
}
