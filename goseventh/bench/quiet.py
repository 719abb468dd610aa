"""What keeps this process's own housekeeping out of what it measures."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collections() -> Iterator[None]:
    """Within the block no collection over all objects there are is counted as somebody else's time."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
