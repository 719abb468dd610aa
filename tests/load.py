"""Whether what clients were told was true."""

from tests.serving import Server, ask, until


def assert_kept(server: Server, acknowledged: dict[str, bytes], unanswered: int) -> None:
    """Everyone acknowledged is there to the byte; beyond them only who got no answer."""
    # A worker that is on its way out may have got the request.
    until(lambda: server.request("GET", "/contagem-pessoas").status == 200)
    connection = server.connect()
    for location, document in acknowledged.items():
        assert ask(connection, "GET", location).body == document
    connection.close()
    assert len(acknowledged) <= server.count() <= len(acknowledged) + unanswered
