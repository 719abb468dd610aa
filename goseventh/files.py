"""Files that a browser shows: read once, named by what is in them so that it may keep them."""

from hashlib import sha256
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

from goseventh.answers import Answer, head_of_page

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, and no script or style that stands in the page itself."""
_PAGE = head_of_page(POLICY, "no-cache")
# Its address changes with what is in it.
_KEPT = head_of_page(POLICY, "public, max-age=31536000, immutable")
_KINDS = {
    "css": b"text/css; charset=utf-8",
    "html": b"text/html; charset=utf-8",
    "js": b"text/javascript; charset=utf-8",
    "png": b"image/png",
    "svg": b"image/svg+xml",
}


class File(NamedTuple):
    """One of them."""

    name: str
    content: bytes

    @property
    def version(self) -> str:
        """A query that changes with what is in it."""
        return f"v={sha256(self.content).hexdigest()[:12]}"

    def answer(self, query: str) -> Answer:
        """Lets the browser keep what it has asked for by its version."""
        kept = _KEPT if query == self.version else _PAGE
        return Answer(200, self.content, _KINDS[self.name.rpartition(".")[2]], head=kept)


def read(place: Traversable, *names: str) -> dict[str, File]:
    """The files of those names, by name."""
    return {name: File(name, place.joinpath(name).read_bytes()) for name in names}


def page(template: bytes, files: dict[str, File], folder: str) -> Answer:
    """A page; where its template has `{{name}}`, there is that file's address, below `folder`."""
    for name, file in files.items():
        template = template.replace(
            b"{{%b}}" % name.encode(), f"{folder}/{file.name}?{file.version}".encode()
        )
    return Answer(200, template, _KINDS["html"], head=_PAGE)
