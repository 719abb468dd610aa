"""A request's id, by which what is logged of it is found: its client's own, or a new one."""

import re
import secrets

from sanic import Request

HEADER = "x-request-id"
# What a log, a shell and a header line can all hold as it is.
_SANE = re.compile(r"[0-9A-Za-z._~+/=:@-]{1,128}")


def of(request: Request) -> str:
    """The request's id, made when first asked for."""
    ctx = request.ctx
    if not hasattr(ctx, "id"):
        given = request.headers.getall(HEADER, ())
        ctx.id = given[0] if len(given) == 1 and _SANE.fullmatch(given[0]) else secrets.token_hex(8)
    found: str = ctx.id
    return found
