"""The tables, version by version.

`bucket` is what nickname and id share (`storage.records.bucket`), and the column by which Citus spreads the
table: creating, reading by id and looking a nickname up each touch one shard. Whoever was imported with an id
made elsewhere is in the bucket of the nickname all the same.
"""

SCHEMA = "goseventh"

VERSIONS: tuple[tuple[str, ...], ...] = (
    (
        # Where it is there already it stays where it is; it must be in the search path.
        f"CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA {SCHEMA}",
        # Bytes as they came: `text` has no U+0000, and equality is that of bytes.
        """
        CREATE TABLE people (
            bucket smallint NOT NULL,
            id uuid NOT NULL,
            apelido bytea NOT NULL,
            document bytea NOT NULL,
            terms text COLLATE "C" NOT NULL,
            PRIMARY KEY (bucket, id),
            UNIQUE (bucket, apelido)
        )
        """,
        # The order of creation, over all buckets; and those whose id was made elsewhere. With the bucket, for
        # PostgreSQL may read by id through either index.
        "CREATE INDEX people_id ON people (id, bucket)",
        "CREATE INDEX people_terms ON people USING gin (terms gin_trgm_ops)",
    ),
)
"""Statements that lead from one version to the next; a version that was released never changes."""

HAS_CITUS = "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')"
# Not tested: there was no Citus to try them with.
IS_DISTRIBUTED = (
    f"SELECT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = '{SCHEMA}.people'::regclass)"
)
DISTRIBUTE = f"SELECT create_distributed_table('{SCHEMA}.people', 'bucket')"
