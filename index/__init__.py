"""Substring search, exact or forgiving, over immutable text segments kept in LMDB.

Knows bytes and a transaction, nothing of people. Used alone:

    with environment.begin(write=True) as transaction:
        term_log.append(transaction, database, 1, [(key, text.searchable(["Ana", "Go"]))])
    with environment.begin(buffers=True) as transaction:
        keys = substring.search(transaction, database, text.needle("AN"), limit=50)

What `term_log.sealed` says will not change any more can get a `signature`, which spares searches most of it.
`fuzzy.search` forgives typing errors; `outlined` gives it what it walks.
"""
