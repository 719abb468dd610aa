"""Durable records in one LMDB directory: looked up by id, unique by nickname, searched by their text.

Knows records (nickname, document, text), nothing of HTTP or JSON. Used alone, it answers creations on its
commit thread, a group at a time:

    layout.create(directory)
    with Store(directory, table.DEFAULT, deliver=print) as store:
        store.create(Record(b"ana", b'{"id":"', b'","name":"Ana"}', text.searchable(["Ana"])), "token")
    # prints [("token", Created(id=…, document=…))] when that is on disk
"""
