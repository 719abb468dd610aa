"""Clients that create people, and remember whom and what they were told."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from threading import Event, Thread
from typing import TypeVar

import orjson

from goseventh.bench.crash.running import Reply, Running, ask

Person = dict[str, object]
T = TypeVar("T")


class Load:
    """Clients that create people on kept-alive connections, and remember what they were told."""

    def __init__(self, server: Running, prefix: str, limit: int | None = None) -> None:
        """`prefix` begins every nickname. `limit`: how many people each client asks for; until stopped."""
        self._server = server
        self._prefix = prefix
        self._limit = limit
        self.stopped = Event()
        self.sent: dict[str, Person] = {}
        """Nickname → what was asked for, for everyone who may exist."""
        self.acknowledged: dict[str, bytes] = {}
        """Location → document."""
        self.moments: dict[str, float] = {}
        """Location → when the 201 came, by the monotonic clock."""
        self.begun = 0.0
        """When the clients began, by the same clock."""
        self.unanswered = 0
        """Requests that may or may not have been carried out."""
        self.others: list[Reply] = []
        """Answers that were not 201."""

    def client(self, number: int) -> None:
        connection = self._server.connect()
        attempt = 0
        while not self.stopped.is_set() and attempt != self._limit:
            attempt += 1
            person = made_up(f"{self._prefix}{number}.{attempt}", attempt)
            nickname = str(person["apelido"])
            self.sent[nickname] = person
            try:
                reply = ask(connection, "POST", "/pessoas", orjson.dumps(person))
            except (OSError, HTTPException):
                self.unanswered += 1
                connection.close()
                self.stopped.wait(0.01)
                continue
            if reply.status == 201:
                location = str(reply.headers["Location"])
                self.moments[location] = time.monotonic()
                self.acknowledged[location] = reply.body
            else:
                self.others.append(reply)
                if reply.status < 500:
                    del self.sent[nickname]  # nobody may come of it
            if reply.headers["Connection"] == "close":
                connection.close()
        connection.close()

    @contextmanager
    def running(self, clients: int = 8) -> Iterator[None]:
        """Runs the clients while the block lasts."""
        threads = self._start(clients)
        try:
            yield
        finally:
            self.stopped.set()
            for thread in threads:
                thread.join()

    def run(self, clients: int = 8) -> None:
        """Runs the clients until each has reached its limit."""
        assert self._limit is not None
        for thread in self._start(clients):
            thread.join()

    def _start(self, clients: int) -> list[Thread]:
        self.begun = time.monotonic()
        threads = [Thread(target=self.client, args=(number,)) for number in range(clients)]
        for thread in threads:
            thread.start()
        return threads


def made_up(nickname: str, number: int) -> Person:
    """A valid person; `number` varies the length of what is stored."""
    stack = None if number % 5 == 0 else [f"técnica {number % 7}"] * (number % 9)
    return {
        "apelido": nickname,
        "nome": "Ana " + "Bárbara " * (number % 11),
        "nascimento": f"20{number % 100:02}-01-31",
        "stack": stack,
    }


def by_id(acknowledged: Mapping[str, T]) -> dict[str, T]:
    """From a value a location to one an id."""
    return {location.rpartition("/")[2]: value for location, value in acknowledged.items()}
