"""What is logged, and in which form: a line for people, or an object a line for programs."""

import json
import logging
import sys
import time
from typing import Final

import orjson

PLAIN: Final = "plain"
JSON: Final = "json"


def format_named(written: str) -> str:
    """One of the forms."""
    if written not in (PLAIN, JSON):
        raise ValueError(f"must be {PLAIN} or {JSON}")
    return written


def begin(form: str) -> None:
    """Logs on standard error from now on, in this process and those that it forks."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(form))
    logging.basicConfig(handlers=[handler], level=logging.INFO)


def formatter(form: str) -> logging.Formatter:
    """What writes messages in that form."""
    return _Json() if form == JSON else _Plain("%(levelname)s: %(message)s")


class _Plain(logging.Formatter):
    """A line, and the request that it is about at its end."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        request = _fields(record).get("request_id")
        return super().formatMessage(record) + (f" [{request}]" if request is not None else "")


class _Json(logging.Formatter):
    """An object: time (RFC 3339, UTC), level, logger, message, an error's trace, and what fields it has."""

    def format(self, record: logging.LogRecord) -> str:
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        shown: dict[str, object] = {
            "time": f"{seconds}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        if record.exc_info:
            shown["error"] = self.formatException(record.exc_info)
        shown |= _fields(record)
        try:
            return orjson.dumps(shown, default=str).decode()
        except orjson.JSONEncodeError:  # a lone surrogate, such as of a file name that is no UTF-8
            return json.dumps(shown, default=str)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    """What a message says apart from its text, given to the logger as `extra={"fields": …}`."""
    found: dict[str, object] = getattr(record, "fields", {})
    return found
