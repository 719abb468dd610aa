"""What a report says in its two languages, English and Portuguese; numbers as either writes them."""

from collections.abc import Sequence
from typing import NamedTuple

_SWAPPED = str.maketrans(",.", ".,")
_BYTES = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))


class Text(NamedTuple):
    """The same in both languages."""

    en: str
    pt: str

    def fill(self, **values: "Text | str") -> "Text":
        """Both with `{name}` filled in."""
        texts = {name: same(value) if isinstance(value, str) else value for name, value in values.items()}
        return Text(
            self.en.format(**{name: text.en for name, text in texts.items()}),
            self.pt.format(**{name: text.pt for name, text in texts.items()}),
        )


def portuguese(written: str) -> str:
    """A number as Portuguese writes it."""
    return written.translate(_SWAPPED)


def same(word: str) -> Text:
    """A word that both languages write alike."""
    return Text(word, word)


def joined(texts: Sequence[Text], between: str = ", ") -> Text:
    """One after the other."""
    return Text(between.join(text.en for text in texts), between.join(text.pt for text in texts))


def number(value: float) -> Text:
    """Three digits, or all of a larger one."""
    if value == 0 or abs(value) >= 100:
        written = f"{value:,.0f}"
    else:
        written = f"{value:#.3g}" if abs(value) >= 1 else f"{value:.2g}"
        written = written.rstrip("0").rstrip(".") if float(value).is_integer() else written.rstrip(".")
    return Text(written, portuguese(written))


def span(values: Sequence[float]) -> Text:
    """From the least to the most, or the only one."""
    low, high = number(min(values)), number(max(values))
    return low if low == high else Text("{low} to {high}", "{low} a {high}").fill(low=low, high=high)


def quantity(value: float, unit: str) -> Text:
    """A number in its unit. Bytes become larger units; what has no word of its own is a bare number."""
    if unit == "bytes":
        size, unit = next((row for row in _BYTES if abs(value) >= row[0]), (1, "B"))
        value /= size
    return Text("{number} {unit}", "{number} {unit}").fill(
        number=number(value), unit=UNITS.get(unit, same(unit))
    )


def bare(value: float, unit: str) -> Text:
    """A number whose unit stands elsewhere, such as in its column's head; bytes still say theirs."""
    return quantity(value, unit) if unit == "bytes" else number(value)


UNITS = {
    "people": Text("people", "pessoas"),
    "percent": same("%"),
    "cpu seconds": Text("CPU seconds", "segundos de CPU"),
    "count": Text("times", "vezes"),
}
"""Of a chart or column; the other units are symbols."""
