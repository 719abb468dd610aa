"""What runs: the versions that an operator is asked for first."""

import platform

import lmdb

from goseventh import __version__


def versions() -> dict[str, str]:
    """By name; LMDB's is that of the library, not of the package."""
    return {
        "version": __version__,
        "python": platform.python_version(),
        "lmdb": ".".join(map(str, lmdb.version())),
    }
