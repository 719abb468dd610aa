"""What the contract and RFC 9112 say of a head: an oracle that reads it character by character."""

from typing import NamedTuple

TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
HOST_NAME = TOKEN - set(b"#^`|%") | set(b"();=")
DIGITS = frozenset(b"0123456789")
HEXADECIMAL = DIGITS | set(b"abcdefABCDEF")
LARGEST_HEAD = 8192
LARGEST_BODY = 65_536
# Path with query → statuses of a GET.
PATHS = {
    b"/contagem-pessoas": 200,
    b"/health": 200,
    b"/pessoas?t=zz": 200,
    b"/pessoas": 400,
    b"/nowhere": 404,
}


class Verdict(NamedTuple):
    """What may come of a head."""

    statuses: frozenset[int]
    stays: bool | None
    """Whether the connection goes on; None where either will do."""
    body: bytes
    """What the head says will follow."""
    refused: bool
    """Whether for the head itself, whatever follows."""
    length: int | None
    """Bytes of the body; None if in chunks, or the head is refused."""


def judge(head: bytes) -> Verdict:
    """The verdict on a head, which ends with the only empty line in it (those before the request aside)."""
    while head.startswith(b"\r\n"):
        head = head[2:]
    lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    method, target, version, faults = _request_line(lines[0])
    fields: dict[bytes, list[bytes]] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon or not name or not TOKEN.issuperset(name) or not is_text(value):
            faults.add(400)
        fields.setdefault(name.lower(), []).append(value.strip(b" \t"))
    if len(head) > LARGEST_HEAD:
        faults |= {431, 414}
    hosts = fields.get(b"host", [])
    if len(hosts) > 1 or (not hosts and version != b"HTTP/1.0") or not all(map(_is_authority, hosts)):
        faults.add(400)
    body, length, fault = _body(fields, version)
    faults |= fault
    if version != b"HTTP/1.0" and set(_members(fields, b"expect")) - {b"100-continue"}:
        faults.add(417)
    if faults:
        refused = faults != {413}
        return Verdict(frozenset(faults), False, b"", refused, None if refused else length)
    return Verdict(_statuses(method, target), _stays(fields, version), body, False, length)


def _request_line(line: bytes) -> tuple[bytes, bytes, bytes, set[int]]:
    parts = line.split(b" ")
    if len(parts) != 3 or not all(parts):
        return b"", b"", b"", {400}
    method, target, version = parts
    faults = set()
    name, major, point, minor = version[:5], version[5:6], version[6:7], version[7:]
    if name != b"HTTP/" or point != b"." or len(minor) != 1 or not (major + minor).isdigit():
        faults.add(400)
    elif version not in (b"HTTP/1.0", b"HTTP/1.1"):
        faults.add(505)
    if not TOKEN.issuperset(method) or any(not 0x21 <= byte <= 0x7E or byte == 0x23 for byte in target):
        faults.add(400)
    if not target.startswith(b"/"):
        # Each of these is refused for good; a URL is for a proxy, and generated nowhere here.
        faults.add(405 if method == b"CONNECT" or target == b"*" else 400)
    return method, target, version, faults


def _body(fields: dict[bytes, list[bytes]], version: bytes) -> tuple[bytes, int | None, set[int]]:
    """What follows, how long it is told to be, and what is wrong with that."""
    lengths, codings = fields.get(b"content-length", []), fields.get(b"transfer-encoding", [])
    if len(lengths) + len(codings) > 1:
        return b"", None, {400}
    if codings:
        fine = codings[0].lower() == b"chunked" and version != b"HTTP/1.0"
        return b"5\r\n{}   \r\n0\r\n\r\n", None, set() if fine else {400}
    if not lengths:
        return b"", 0, set()
    if not lengths[0] or not DIGITS.issuperset(lengths[0]) or len(lengths[0]) > 18:
        return b"", None, {400}
    length = int(lengths[0])
    return (b"", length, {413}) if length > LARGEST_BODY else (b"{}".ljust(length)[:length], length, set())


def _statuses(method: bytes, target: bytes) -> frozenset[int]:
    if target not in PATHS:
        return frozenset({200, 400, 404, 405})  # some path; that there is an answer is what counts
    if method in (b"GET", b"HEAD"):
        return frozenset({PATHS[target]})
    if method == b"POST" and target.startswith(b"/pessoas"):
        return frozenset({400, 422})
    return frozenset({404} if target == b"/nowhere" else {405})


def _stays(fields: dict[bytes, list[bytes]], version: bytes) -> bool | None:
    options = _members(fields, b"connection")
    if b"close" in options or (version == b"HTTP/1.0" and b"keep-alive" not in options):
        return False
    return None if b"expect" in fields else True  # who waits may be refused before being asked for a body


def _members(fields: dict[bytes, list[bytes]], name: bytes) -> list[bytes]:
    """The members of all lists of that name, without case."""
    members = [member.strip(b" \t").lower() for value in fields.get(name, []) for member in value.split(b",")]
    return [member for member in members if member]


def _is_authority(value: bytes) -> bool:
    host, colon, port = value.rpartition(b":")
    if not colon or host.count(b"[") > host.count(b"]"):
        host, port = value, b""
    if not DIGITS.issuperset(port):
        return False
    if host[:1] == b"[":
        return len(host) > 2 and host[-1:] == b"]" and (HEXADECIMAL | set(b":.")).issuperset(host[1:-1])
    plain, *escapes = host.split(b"%")
    return HOST_NAME.issuperset(plain) and all(
        len(escape) >= 2 and HEXADECIMAL.issuperset(escape[:2]) and HOST_NAME.issuperset(escape[2:])
        for escape in escapes
    )


def is_text(value: bytes) -> bool:
    """Whether it may stand in a field, or in the extension of a chunk."""
    return all(byte == 9 or (byte >= 0x20 and byte != 0x7F) for byte in value)
