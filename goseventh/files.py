"""What a browser shows: a page, and files that are named by what is in them so that it may keep them."""

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from importlib.resources.abc import Traversable
from typing import Final

from goseventh.answers import Answer, head_of_page
from goseventh.problems import Problem

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


class File:
    """One file. Read whenever it is asked for: the system keeps it, and no worker has to."""

    def __init__(self, place: Traversable) -> None:
        self._place = place

    @cached_property
    def version(self) -> str:
        """A query that changes with what is in it."""
        return f"v={sha256(self._place.read_bytes()).hexdigest()[:12]}"

    def answer(self, query: str) -> Answer:
        """Lets the browser keep what it has asked for by its version."""
        kept = _KEPT if query == self.version else _PAGE
        return Answer(200, self._place.read_bytes(), _KINDS[self._place.name.rpartition(".")[2]], head=kept)


class Pages:
    """A page and the files below it."""

    def __init__(self, template: Traversable, files: Sequence[Traversable], folder: str) -> None:
        """Where the template has `{{name}}` comes that file's address below `folder`, with its version."""
        self._template = template
        self._files = {place.name: File(place) for place in files}
        self._folder = folder

    def page(self) -> Answer:
        """The page itself, which is asked for anew each time."""
        shown = self._template.read_text()
        for name, file in self._files.items():
            shown = shown.replace(f"{{{{{name}}}}}", f"{self._folder}/{name}?{file.version}")
        return Answer(200, shown.encode(), _KINDS["html"], head=_PAGE)

    def file(self, name: str, query: str) -> Answer:
        """One of its files; raises Problem (404) for what is none."""
        if name not in self._files:
            raise Problem(404, "There is no such file.")
        return self._files[name].answer(query)
