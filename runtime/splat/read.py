"""A splat file of whatever format, told by its first bytes: PLY, SPZ, SOG; `.splat`, which begins with anything, by its name."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from runtime.splat.formats import dot_splat, sog, spz
from runtime.splat.ply_header import bad_ply, check_ply, read_header

if TYPE_CHECKING:
    from runtime.splat.formats.raw import Raw
    from runtime.splat.gaussians import Gaussians


class Read(NamedTuple):
    """What a splat file holds."""

    gaussians: "Gaussians"  # in the file's own axes
    left_out: int  # of which a value is not finite
    common: bool  # whether the file is a PLY as most programs read it


def check_splat(path: Path) -> int:
    """Look at a splat file as far as goes with the standard library alone, within bounds; returns how many Gaussians it saw
    in a PLY that will be left out, for a value of theirs is not finite.

    Raises:
        InputError: R215 damaged, or of no format that is read; R216 without Gaussians; R220 too large.
    """
    format_ = _format(path)
    if format_ == "ply":
        return check_ply(path)
    {"spz": spz.check, "sog": sog.check, "splat": dot_splat.check}[format_](path)
    return 0


def read_splat(path: Path) -> Read:
    """Gaussians of a splat file.

    Raises:
        InputError: as `check_splat`, and R215 for what only shows when all is read.
    """
    from runtime.splat.ply import raw_ply

    check_splat(path)
    format_ = _format(path)
    raw: Raw = {"ply": raw_ply, "spz": spz.read, "sog": sog.read, "splat": dot_splat.read}[format_](path)
    return Read(*raw.sound(path), common=format_ == "ply" and read_header(path).common)


def parts(path: Path) -> list[str]:
    """Names of the files beside it that a splat file is made of: the images of a SOG's `meta.json`."""
    return sog.beside(path) if path.suffix.lower() == ".json" else []


def _format(path: Path) -> str:
    head, suffix = sog.read_head(path), path.suffix.lower()
    if head[:3] == b"ply" or suffix == ".ply":
        return "ply"
    if head == spz.MAGIC or head[:2] == spz.GZIP:
        return "spz"
    if head == b"PK\3\4" or suffix == ".json":
        return "sog"
    if suffix == ".splat":
        return "splat"
    raise bad_ply(path, "is no splat of a format that is read", "export it as PLY; SPZ, .splat and SOG are read too")
