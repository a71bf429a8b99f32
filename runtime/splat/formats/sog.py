"""SOG, PlayCanvas's splats as WebP images: a `meta.json` with its images beside it, or both in one zip (`.sog`). Version 2.

Precision: 1/65535 of the bounds of sign(x) ln(1 + |x|) in position; log scales, `f_dc` and `f_rest` are the nearest of 256
values each, `f_rest` that of a palette; 1/255 in opacity, 1/180 in a component of the quaternion.
Source: developer.playcanvas.com (the SOG format), github.com/playcanvas/splat-transform, src/lib/readers/read-sog.ts.
"""

import io
import json
import math
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.files import read_file
from runtime.splat.ply_header import LARGEST_LOG_SCALE, MOST_GAUSSIANS, bad_ply, overflow, too_many

if TYPE_CHECKING:
    import numpy as np

    from runtime.splat.formats.raw import Raw

META = "meta.json"
_META_BYTES, _IMAGE_BYTES = 1 << 20, 1 << 29
_IMAGES = {"means": 2, "scales": 1, "quats": 1, "sh0": 1}
_PALETTE_COLUMNS = 64
_REST = (0, 3, 8, 15)
_AGAIN = "export the splat again"


@dataclass(frozen=True)
class Meta:
    """What `meta.json` says."""

    count: int
    bands: int
    palette: int  # rows of `f_rest` that Gaussians share
    bounds: tuple[list[float], list[float]]
    codebooks: dict[str, list[float]]  # of scales, sh0, shN
    images: dict[str, list[str]]  # names of files

    @property
    def names(self) -> list[str]:
        """Names of all images."""
        return [name for names in self.images.values() for name in names]


def check(path: Path) -> Meta:
    """The file's meta data, with its images found whole.

    Raises:
        InputError: R215 when something is missing, damaged, or of another version, R216, R220.
    """
    meta = _meta(path)
    for name in meta.names:
        content = _content(path, name, _IMAGE_BYTES)
        if content[:4] + content[8:12] != b"RIFFWEBP" or len(content) < 8 + int.from_bytes(content[4:8], "little"):
            raise bad_ply(path, f"has an image `{name}` that is no whole WebP", _AGAIN)
    return meta


def beside(path: Path) -> list[str]:
    """Names of the images beside a `meta.json`; none where they are in the file itself, or where that is damaged."""
    from runtime.problem import InputError

    try:
        return [] if _zipped(path) else _meta(path).names
    except InputError:
        return []


def read(path: Path) -> "Raw":
    """Gaussians of a SOG.

    Raises:
        InputError: as `check`, and R215 when images are too small for what they should hold.
    """
    import numpy as np

    from runtime.splat.formats.packed_ply import smallest_three
    from runtime.splat.formats.raw import Raw

    meta = _meta(path)
    n = meta.count
    low, high = (_pixels(path, name, n)[:n, :3].astype(np.int64) for name in meta.images["means"])
    least, most = (np.array(bound) for bound in meta.bounds)
    spread = np.where(most == least, 1, most - least)
    folded = least + spread * ((low | high << 8) / 65535)
    rotation = _pixels(path, meta.images["quats"][0], n)[:n]
    color = _pixels(path, meta.images["sh0"][0], n)[:n]
    books = {name: np.array(book, np.float32) for name, book in meta.codebooks.items()}
    three = (rotation[:, :3] / np.float32(255) * 2 - 1) * np.float32(0.5**0.5)
    quats = smallest_three(rotation[:, 3].astype(np.int64) - 252, three)
    quats[rotation[:, 3] < 252] = (1, 0, 0, 0)
    opacity = color[:, 3].astype(np.float32) / 255
    with np.errstate(divide="ignore", over="ignore"):
        logits = np.log(opacity) - np.log1p(-opacity)
        means = np.sign(folded) * np.expm1(np.abs(folded))
    sh = [books["sh0"][color[:, None, :3]]]
    if rest := _REST[meta.bands]:
        labels = _pixels(path, meta.images["shN"][1], n)[:n].astype(np.int64)
        label = labels[:, 0] | labels[:, 1] << 8
        rows = -(-meta.palette // _PALETTE_COLUMNS)
        palette = _pixels(path, meta.images["shN"][0], rows * _PALETTE_COLUMNS * rest, _PALETTE_COLUMNS * rest)
        palette = palette.reshape(-1, rest, 4)[:, :, :3]
        known = label < meta.palette
        shading = books["shN"][palette[np.where(known, label, 0)]]
        sh.append(np.where(known[:, None, None], shading, np.float32(0)))
    scales = books["scales"][_pixels(path, meta.images["scales"][0], n)[:n, :3]]
    return Raw(means.astype(np.float32), quats, scales, logits, np.concatenate(sh, axis=1))


def _zipped(path: Path) -> bool:
    return read_head(path).startswith(b"PK")


def read_head(path: Path) -> bytes:
    """The first four bytes of a file."""
    from runtime.files import open_file

    try:
        with open_file(path) as file:
            return file.read(4)
    except OSError as error:
        raise bad_ply(path, f"cannot be read: {(error.strerror or 'unknown error').lower()}", "check the path") from None


def _content(path: Path, name: str, most: int) -> bytes:
    """A part of the SOG: a member of the zip, or a file beside `meta.json`; at most so many bytes."""
    try:
        if not _zipped(path):
            return read_file(path if name == META else path.parent / name, most)
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(name).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise NotImplementedError  # no tool writes others, and they take as much memory as they say
            with archive.open(name) as member:
                content = member.read(most + 1)
    except KeyError:
        raise bad_ply(path, f"holds no `{name}`", _AGAIN) from None
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is damaged"
        raise bad_ply(path, f"has a part `{name}` that cannot be read: {why.lower()}", _AGAIN) from None
    if len(content) > most:
        raise bad_ply(path, f"has a part `{name}` of more than {most >> 20} MiB", _AGAIN)
    return content


def _meta(path: Path) -> Meta:
    try:
        value = json.loads(_content(path, META, _META_BYTES))
        return _checked(path, value)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError):
        raise bad_ply(path, "has no whole `meta.json` of a SOG", _AGAIN) from None


def _checked(path: Path, value: Any) -> Meta:
    """Meta data of a JSON value; raises one of many errors where it is out of shape."""
    if value.get("version") != 2:
        raise bad_ply(path, "is a SOG of another version than 2", "export it again, with a newer tool")
    count, rest = value["count"], value.get("shN")
    if type(count) is not int or count < 1:
        raise bad_ply(path, "has no Gaussians", _AGAIN, "R216")
    if count > MOST_GAUSSIANS:
        raise too_many(path, count)
    wanted = _IMAGES | ({"shN": 2} if rest else {})
    images = {part: value[part]["files"] for part in wanted}
    named = (
        len(names) == wanted[part] and all(re.fullmatch(r"[\w-][\w.-]*", n) for n in names) for part, names in images.items()
    )
    if not all(named):
        raise ValueError("names of images")
    books = {part: _numbers(value[part]["codebook"], 256) for part in wanted if part not in ("means", "quats")}
    if max(books["scales"]) > LARGEST_LOG_SCALE:
        raise overflow(path)
    bands, palette = (rest["bands"], rest["count"]) if rest else (0, 0)
    if type(bands) is not int or not 0 <= bands <= 3 or type(palette) is not int or not 0 <= palette <= 1 << 16:
        raise ValueError("palette")
    bounds = _numbers(value["means"]["mins"], 3), _numbers(value["means"]["maxs"], 3)
    return Meta(count, bands if palette else 0, palette, bounds, books, images)


def _numbers(value: Any, count: int) -> list[float]:
    numbers = [float(number) for number in value]
    if len(numbers) != count or not all(map(math.isfinite, numbers)):
        raise ValueError("numbers")
    return numbers


def _pixels(path: Path, name: str, at_least: int, width: int | None = None) -> "np.ndarray":
    """Pixels [M, 4] of an image as bytes, row by row; at least so many."""
    import numpy as np
    from PIL import Image

    try:
        with Image.open(io.BytesIO(_content(path, name, _IMAGE_BYTES)), formats=("WEBP",)) as image:
            if not at_least <= image.width * image.height <= 4 * MOST_GAUSSIANS or width not in (None, image.width):
                raise bad_ply(path, f"has an image `{name}` of {image.width}x{image.height} pixels, too few or too many", _AGAIN)
            return np.asarray(image.convert("RGBA")).reshape(-1, 4)
    except (OSError, ValueError, Image.DecompressionBombError):
        raise bad_ply(path, f"has an image `{name}` that cannot be decoded", _AGAIN) from None
