"""Faults as the client sees them: RFC 9457 problem details."""

import orjson

from goseventh.answers import PHRASES, PROBLEM, Answer


class Problem(Exception):
    """An answer of 400 or above, raised wherever the fault is found.

    `detail` is one sentence for the client, without a trace, a path or a setting.
    `field` names the one field at fault. `more` is added to the body, `headers` to the head.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        field: str | None = None,
        *,
        more: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.field = field
        self.more = more or {}
        self.headers = headers or {}

    def answer(self) -> Answer:
        """The answer that says so."""
        body: dict[str, object] = {
            # By the RFC "about:blank" means: nothing beyond what the status and its title say.
            "type": "about:blank",
            "title": PHRASES[self.status],
            "status": self.status,
            "detail": self.detail,
        }
        if self.field is not None:
            body["field"] = self.field
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        return Answer(self.status, orjson.dumps(body | self.more), PROBLEM, lines.encode())


def unavailable(detail: str) -> Problem:
    """503: not now, but soon; a retry is safe because nicknames are unique."""
    return Problem(503, detail, headers={"Retry-After": "1"})
