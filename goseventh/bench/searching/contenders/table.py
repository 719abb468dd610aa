"""The one table of contenders, in the order of the report's columns."""

from goseventh.bench.searching.contenders.postgres import Postgres
from goseventh.bench.searching.contenders.scan import plain, simd
from goseventh.bench.searching.contenders.shape import Open
from goseventh.bench.searching.contenders.sqlite import Sqlite
from goseventh.bench.searching.contenders.store import Embedded

GOSEVENTH = "goseventh"
TABLE: dict[str, Open] = {
    GOSEVENTH: Embedded,
    "bytes.find": plain,
    "stringzilla": simd,
    "sqlite": Sqlite,
    "postgresql": Postgres,
}
