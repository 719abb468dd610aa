"""Patterns of SQL's LIKE."""

ESCAPE = "\\"


def like(term: str) -> str:
    """The pattern, with ESCAPE as its escape, that finds the term anywhere."""
    for special in (ESCAPE, "%", "_"):
        term = term.replace(special, ESCAPE + special)
    return f"%{term}%"
