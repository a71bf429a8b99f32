"""A digest of the very files that a location's assets are, which the addresses of its twins follow. Standard library only."""

from collections.abc import Mapping
from pathlib import Path

from runtime.assets.files import used_files
from runtime.bound.asset import Asset
from runtime.capture.digest import copy_named, digest_named


def digest_assets(assets: Mapping[str, Asset], roots: Mapping[str, Path], cache: Path | None = None) -> str:
    """SHA-256 (hex) over names and contents of all files of assets; `roots` has the folder that each lies below.

    Raises:
        ValueError, OSError: see `used_files`.
    """
    return digest_named(_named(assets, roots), "assets", cache)


def copy_assets(assets: Mapping[str, Asset], roots: Mapping[str, Path], into: Path) -> str:
    """Copy them to `into`, a folder for each; the digest of what was copied.

    Raises:
        Gone: one cannot be read. ValueError, OSError: see `used_files`, or the copy cannot be written.
    """
    return copy_named(sorted(_named(assets, roots).items()), None, into)


def _named(assets: Mapping[str, Asset], roots: Mapping[str, Path]) -> dict[str, Path]:
    return {f"{key}/{name}": path for key, a in assets.items() for name, path in used_files(a, roots[key]).items()}
