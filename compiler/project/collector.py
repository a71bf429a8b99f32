"""Python's cyclic garbage collector, paused while a great many objects are made that all stay."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def without_gc() -> Generator[None]:
    """Pause the collector: walking a growing graph again and again took a third of an expansion's time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
