"""A small server that keeps the contract as far as the benchmark looks; subclasses break it in one named way.

It runs on a thread with its own asyncio loop, on real sockets, as `run` occupies the caller's thread.
Each defect is one method overridden, so that a test plants exactly one.
"""

import asyncio
import datetime
import json
import threading
import uuid
from types import TracebackType
from urllib.parse import unquote

Answer = tuple[int, dict[str, str], bytes]
JSON, PROBLEM = {"Content-Type": "application/json"}, {"Content-Type": "application/problem+json"}


def problem(status: int, **members: str) -> Answer:
    body = {"type": "about:blank", "title": "", "status": status, "detail": "", **members}
    return status, PROBLEM, json.dumps(body).encode()


class Stub:
    """`with Stub() as stub:` serves at `stub.url`; `stub.people` maps paths to what GET answers."""

    one_answer_each = False  # hang up after it, without saying so first

    def __init__(self) -> None:
        self.connections = 0
        self.people: dict[str, bytes] = {}
        self.nicknames: dict[str, str] = {}
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self.stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    def __enter__(self) -> "Stub":
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self.stop.set)
        self._thread.join()
        self._loop.close()

    def create(self, body: bytes) -> Answer | None:
        person = json.loads(body)
        if status := fault(person):
            return problem(status)
        if owner := self.nicknames.get(person["apelido"]):
            return problem(422, existing=owner)
        return self.keep(person)

    def keep(self, person: dict[str, object]) -> Answer:
        number = str(uuid.uuid4())
        path, whole = f"/pessoas/{number}", json.dumps({"id": number, **person}).encode()
        self.people[path] = whole
        self.nicknames[str(person["apelido"])] = path
        return 201, JSON | {"Location": path}, whole

    def read(self, path: str) -> Answer | None:
        return (200, JSON, self.people[path]) if path in self.people else problem(404)

    def search(self, term: str) -> Answer | None:
        return 200, JSON, b"[" + b",".join(self.hits(term)[:50]) + b"]"

    def hits(self, term: str) -> list[bytes]:
        return [whole for whole in self.people.values() if holds(json.loads(whole), term.lower())]

    def no_term(self) -> Answer | None:
        return problem(400)

    def count(self) -> int:
        return len(self.people)

    async def admit(self, method: str) -> None:
        """Await here to keep a request waiting."""

    def _answer(self, method: str, target: str, body: bytes) -> Answer | None:
        path, _, query = target.partition("?")
        if path == "/contagem-pessoas":
            return 200, {"Content-Type": "text/plain"}, str(self.count()).encode()
        if method == "POST":
            return self.create(body)
        if path != "/pessoas":
            return self.read(path)
        return self.search(unquote(query.removeprefix("t="))) if query else self.no_term()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self.converse, "127.0.0.1", 0, backlog=1024)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self.stop.wait()
        server.close()
        # A connection that was just accepted becomes a task only in the next rounds of the loop.
        while talks := asyncio.all_tasks() - {asyncio.current_task()}:
            for talk in talks:
                talk.cancel()
            await asyncio.wait(talks)
            await asyncio.sleep(0)
        await server.wait_closed()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                method, target, _ = head.split(" ", 2)
                lengths = [line[15:] for line in head.split("\r\n") if line.startswith("Content-Length:")]
                length = int(lengths[0]) if lengths else 0
                body = await reader.readexactly(length)
                await self.admit(method)
                answer = self._answer(method, target, body)
                if answer is None:  # a missing answer: hold the line and say nothing
                    await self.stop.wait()
                    return
                writer.write(wire(answer))
                await writer.drain()
                if self.one_answer_each:
                    return
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()


def wire(answer: Answer) -> bytes:
    status, headers, body = answer
    lines = [
        f"HTTP/1.1 {status} X",
        f"Content-Length: {len(body)}",
        *(f"{k}: {v}" for k, v in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def fault(person: dict[str, object]) -> int:
    """400, 422 or 0 for the bodies that the generator makes."""
    nickname, name, born, stack = person["apelido"], person["nome"], person["nascimento"], person["stack"]
    texts = [nickname, name, *(stack if isinstance(stack, list) else [])]
    if not all(isinstance(text, str) for text in texts) or not (stack is None or isinstance(stack, list)):
        return 400
    try:
        if datetime.date.fromisoformat(str(born)).isoformat() != born:
            return 400
    except ValueError:
        return 400
    longest = [32, 100, *([32] * (len(texts) - 2))]
    return 0 if all(0 < len(str(text)) <= most for text, most in zip(texts, longest, strict=True)) else 422


def holds(person: dict[str, object], term: str) -> bool:
    stack = person["stack"] if isinstance(person["stack"], list) else []
    return any(term in str(text).lower() for text in (person["apelido"], person["nome"], *stack))
