"""What `goseventh[bench]` brings: whether it is there."""

from importlib.util import find_spec


def absent(*modules: str) -> str | None:
    """Which of the modules is not installed, and how to install it, as one clear line; None: all are."""
    for module in modules:
        if find_spec(module) is None:
            return f"{module} is not installed: pip install 'goseventh[bench]'"
    return None
