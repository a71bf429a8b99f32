"""One digest over all code that decides what specs mean: caches made by other code are not believed."""

import hashlib
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("compiler", "runtime", "rules")


@cache
def code_key() -> str:
    """32 hexadecimal digits over our own code, the Python version and the distributions that are installed.

    Standard library only, 10 ms: it is computed before anything else is imported.
    """
    total = hashlib.blake2b(sys.version.encode(), digest_size=16)
    for folder in FOLDERS:
        for path in sorted(_files(ROOT / folder)):
            total.update(os.path.relpath(path, ROOT).encode())
            with open(path, "rb") as file:
                total.update(file.read())
    if os.path.isfile(ROOT / "pyproject.toml"):  # pins of libraries
        with open(ROOT / "pyproject.toml", "rb") as file:
            total.update(file.read())
    for folder in sys.path:
        if folder.endswith("-packages") and os.path.isdir(folder):
            total.update("\n".join(sorted(n for n in os.listdir(folder) if n.endswith(".dist-info"))).encode())
    return total.hexdigest()


def unchanged() -> bool:
    """Whether our code is still what `code_key` told; asked before something is remembered by it."""
    return code_key.__wrapped__() == code_key()


def _files(folder: Path) -> Iterator[str]:
    """All but what Python and editors leave: data of any kind may decide results."""
    for below, folders, names in os.walk(folder, followlinks=True):
        folders[:] = (name for name in folders if name != "__pycache__")
        yield from (os.path.join(below, name) for name in names if name[0] != "." and name[-1] != "~")
