"""The bytes of each request of a run, made before it starts, and the blocking calls around it."""

import http.client
import re
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

JSON = "Content-Type: application/json\r\n"
# A name, or an address of either version.
_HOST = re.compile(r"[0-9A-Za-z._~%:-]+")


class Unreachable(Exception):
    """No server of this kind answers there; the message is one clear line."""


class Site:
    """Where the server is: host and port from a URL like http://127.0.0.1:9999, and requests to it."""

    def __init__(self, url: str) -> None:
        """Raise `Unreachable` where the URL is no plain http one."""
        try:
            parts = urlsplit(url)
            port = parts.port
            host = (parts.hostname or "").encode("idna").decode()
        except ValueError as error:
            raise Unreachable(f"{url} is no URL: {error}") from None
        rest = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
        if parts.scheme != "http" or rest or port == 0 or _HOST.fullmatch(host) is None:
            raise Unreachable(f"{url} is no URL like http://127.0.0.1:9999")
        self.url, self.host, self.port = url, host, port or 80
        bracketed = f"[{host}]" if ":" in host else host
        self._netloc = bracketed if port is None else f"{bracketed}:{port}"

    def get(self, path: str) -> bytes:
        """A whole GET request."""
        return f"GET {path} HTTP/1.1\r\nHost: {self._netloc}\r\n\r\n".encode("ascii")

    def searches(self, terms: Iterable[str]) -> list[bytes]:
        """A request for each term, percent-encoded."""
        return [self.get(f"/pessoas?t={quote(term, safe='')}") for term in terms]

    def creations(self, bodies: Iterable[bytes]) -> list[bytes]:
        """A POST for each body."""
        head = f"POST /pessoas HTTP/1.1\r\nHost: {self._netloc}\r\n{JSON}Content-Length: ".encode("ascii")
        return [head + b"%d\r\n\r\n" % len(body) + body for body in bodies]

    def count(self, timeout: float) -> int:
        """How many people the server has.

        :raises Unreachable: nobody listens, or what answers does not know /contagem-pessoas.
        """
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request("GET", "/contagem-pessoas")
            response = connection.getresponse()
            body = response.read(64)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"no server at {self.url}: {error or type(error).__name__}") from None
        finally:
            connection.close()
        if response.status != 200 or not body.isdigit():
            raise Unreachable(f"{self.url}/contagem-pessoas answers {response.status} and no number")
        return int(body)
