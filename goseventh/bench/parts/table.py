"""The one table of the benchmark's parts, in the order in which `bench all` runs them."""

from goseventh.bench.parts import crash, http, memory, search, startup, storage, tournament

TABLE = {
    part.name: part
    for part in (storage.PART, http.PART, tournament.PART, search.PART, crash.PART, startup.PART, memory.PART)
}
