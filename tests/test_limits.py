"""What a server answers at the limits that it was given, and that it goes on."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.discreet import assert_discreet
from tests.serving import Reply, Server, until

LARGE = ["técnica nº 1 de muitas outras 123"[:32]] * 1500
"""A stack of some 50 kB."""


def assert_come_again(reply: Reply, server: Server) -> None:
    assert reply.status == 503
    assert_discreet(reply, server)
    assert reply.headers["Retry-After"] == "1"
    assert reply.json["title"] == "Service Unavailable"


def test_one_too_many_in_the_queue_is_told_to_come_again(directory: Path) -> None:
    with (
        Server(directory, "--max-queue", "2", "--emulate-flush-ms", "300") as server,
        ThreadPoolExecutor(16) as clients,
    ):
        replies = list(clients.map(lambda n: server.create(apelido=f"p{n}"), range(16)))
        taken = [reply for reply in replies if reply.status == 201]
        assert 0 < len(taken) < 16
        for reply in replies:
            if reply.status != 201:
                assert_come_again(reply, server)
        assert server.count() == len(taken)


def test_a_full_map_refuses_who_is_new_and_the_rest_goes_on(directory: Path) -> None:
    with Server(directory, "--map-size", "2MiB") as server:
        number = 0
        while (reply := server.create(apelido=f"p{number}", stack=LARGE)).status == 201:
            number += 1
        assert number > 0
        assert reply.status == 507
        assert_discreet(reply, server)
        assert reply.json["title"] == "Insufficient Storage"
        assert server.count() == number
        assert len(server.request("GET", "/pessoas?t=p0").json) == 1
        assert server.create(apelido="p0").status == 422
        assert server.request("GET", "/health").status == 200
    with Server(directory, "--map-size", "64MiB") as roomier:
        assert roomier.create(apelido="last").status == 201
        assert roomier.count() == number + 1


def test_searches_of_much_text_are_right_and_end_at_their_deadline(directory: Path) -> None:
    """More text than is searched on the event loop."""
    with Server(directory) as server, ThreadPoolExecutor(16) as clients:
        replies = list(clients.map(lambda n: server.create(apelido=f"p{n}.", stack=LARGE), range(120)))
        assert {reply.status for reply in replies} == {201}
        # Fewer than four bytes: no signature spares any of it.
        assert server.request("GET", "/pessoas?t=~~").json == []
        assert [person["apelido"] for person in server.request("GET", "/pessoas?t=7.").json] == [
            reply.json["apelido"]
            for reply in sorted(replies, key=lambda reply: str(reply.json["id"]))
            if "7." in reply.json["apelido"]
        ]
    with Server(directory, "--search-timeout", "0.001") as hasty, ThreadPoolExecutor(16) as clients:

        def late() -> Reply | None:
            found = clients.map(lambda _: hasty.request("GET", "/pessoas?t=~~"), range(64))
            return next((reply for reply in found if reply.status != 200), None)

        assert_come_again(until(late), hasty)
        assert hasty.create(apelido="last").status == 201
