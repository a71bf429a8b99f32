"""`kernel`: numba compilation that is cached on disk, so that a job starts without compiling.

Numba renews a cached function when its own file changes, but not when a function that it inlines from another file
does. So the cache folder carries a digest of all our kernel sources. What is in it is unpickled, so it is one that nobody
else can write to.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from runtime.private import private_folder

_HERE = Path(__file__).parent

# Contraction to fused multiply-adds and reciprocal division vectorise well. No `reassoc`: it would fold the rounding
# trick in `exp2` away and make sums depend on the vector width of the machine.
FAST = {"contract", "nsz", "arcp"}


def _sources_digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(_HERE.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


os.environ.setdefault("NUMBA_CACHE_DIR", str(private_folder(f"numba-{_sources_digest()}", _HERE / "__pycache__")))

import numba  # noqa: E402  (reads NUMBA_CACHE_DIR when it is imported)


def kernel(function: Callable) -> Callable:
    """Compile `function` for single-threaded float32 work on first call, or load it from the disk cache."""
    return numba.njit(cache=True, fastmath=FAST, error_model="numpy", nogil=True)(function)


def inlined(function: Callable) -> Callable:
    """Compile `function` into every kernel that calls it."""
    return numba.njit(inline="always", fastmath=FAST, error_model="numpy")(function)
