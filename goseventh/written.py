"""Values as one writes them: from a flag or a variable to what it means.

A parser raises ValueError with the end of a sentence that begins with the setting's name.
"""

import re
from collections.abc import Callable
from pathlib import Path

from storage.strategies import table

NO_TOKEN = "none"
EMBEDDED = "embedded"
_UNITS = {"": 1, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}


def parted(written: str) -> list[str]:
    """The members of a list parted by commas."""
    return [member.strip() for member in written.split(",")]


def size_between(least: int, most: int) -> Callable[[str], int]:
    """A parser of sizes from `least` to `most` bytes."""

    def parse(written: str) -> int:
        found = size(written)
        if not least <= found <= most:
            raise ValueError(f"must be a size from {least} bytes to {human(most)}")
        return found

    return parse


def human(amount: int) -> str:
    """A number of bytes as one would write it, in whole units."""
    unit = next(unit for unit in ("GiB", "MiB", "KiB", "") if amount % _UNITS[unit.upper()] == 0)
    return f"{amount // _UNITS[unit.upper()]}{unit}"


def size(written: str) -> int:
    """Bytes, or KiB, MiB or GiB."""
    parts = re.fullmatch(r"([0-9]{1,18}) ?((?:[KMG]iB)?)", written, re.IGNORECASE)
    if parts is None or int(parts[1]) == 0:
        raise ValueError("must be a size such as 65536, 64KiB, 512MiB or 4GiB")
    return int(parts[1]) * _UNITS[parts[2].upper()]


def whole(least: int, most: int) -> Callable[[str], int]:
    """A parser of whole numbers from `least` to `most`."""

    def parse(written: str) -> int:
        if re.fullmatch(r"[0-9]{1,9}", written) is None or not least <= int(written) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(written)

    return parse


def seconds(written: str) -> float:
    """A duration over 0 in seconds."""
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", written) is None or float(written) == 0:
        raise ValueError("must be a number of seconds over 0, such as 5 or 0.5")
    return float(written)


def milliseconds(least: int) -> Callable[[str], float]:
    """A parser of milliseconds from `least` to a minute, into seconds."""
    parse_whole = whole(least, 60_000)
    return lambda written: parse_whole(written) / 1000


def switch(written: str) -> bool:
    """On or off."""
    if written not in ("on", "off"):
        raise ValueError("must be on or off")
    return written == "on"


def strategy(written: str) -> table.Strategy:
    """A row of the table of write strategies."""
    try:
        return table.find(written)
    except KeyError:
        raise ValueError(f"must be one of {', '.join(row.name for row in table.TABLE)}") from None


def store(written: str) -> str | None:
    """An address of PostgreSQL; None for the embedded store.

    It is refused, rather than understood otherwise, where a password has characters that end a host's name.
    """
    if written == EMBEDDED:
        return None
    parts = re.fullmatch(r"postgres(?:ql)?://(?:[^@/?#]*@)?([\w.,:%\[\]-]*)(?:/[^@?]*)?(?:\?.*)?", written)
    hosts = parts[1].split(",") if parts is not None else ["?"]
    if not all(re.fullmatch(r"(\[[^\]]*\]|[^:]*)(:[0-9]{1,5})?", host) for host in hosts):
        raise ValueError(
            f"must be {EMBEDDED}, or postgresql://USER:PASSWORD@HOST:PORT/DATABASE "
            "with what is special in the password as percent sequences"
        )
    return written


def token(written: str) -> str | None:
    """By RFC 6750, 2.1; long enough not to be guessed."""
    if written == NO_TOKEN:
        return None
    if re.fullmatch(r"[0-9A-Za-z\-._~+/]{16,512}=*", written) is None:
        raise ValueError("must be 16 characters or more of A-Z a-z 0-9 - . _ ~ + /")
    return written


def host(written: str) -> str:
    """An address or a host name, which may not be known yet."""
    try:
        plain = written.encode("idna").decode()
    except UnicodeError:
        plain = ""
    if not plain.isprintable() or not plain or " " in plain:
        raise ValueError("must be an address or a host name")
    return written


def directory(written: str) -> Path:
    """The path of a directory, which need not be there."""
    if not written:
        raise ValueError("must be a directory")
    return Path(written)
