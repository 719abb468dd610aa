"""Who is drawn in which colour and shape: the same in all charts of a report."""

from typing import NamedTuple

SHAPES = (
    ("circle", "●"),
    ("square", "■"),
    ("triangle-up", "▲"),
    ("diamond", "◆"),
    ("cross", "✚"),
    ("triangle-down", "▼"),
    ("triangle-right", "▶"),
    ("triangle-left", "◀"),
)
"""As the chart's grammar names them, and as a character. The page's style has a colour for each."""


class Mark(NamedTuple):
    """How somebody is drawn. Colours are CSS variables, so that they suit a light page and a dark one."""

    slot: int
    """Part of the name of whatever is drawn: what the page's filter goes by."""
    colour: str
    shape: str
    sign: str
    """The shape as a character, for legends."""


def marks(entities: list[str]) -> dict[str, Mark]:
    """One for each, in their order; beyond eight, colours and shapes come again in other pairs."""
    return {
        entity: Mark(
            slot, f"var(--mark-{slot % len(SHAPES)})", *SHAPES[(slot + slot // len(SHAPES)) % len(SHAPES)]
        )
        for slot, entity in enumerate(entities)
    }
