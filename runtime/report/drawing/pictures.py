"""Pictures in the report: small, and inside the page itself as data URIs."""

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

QUALITY = 78
"""WebP quality; 78 keeps text in contact sheets legible at about a third of PNG's size."""


def embed(image: Image.Image, width_px: int) -> dict[str, Any]:
    """A picture no wider than `width_px` as `uri`, `width` and `height`. It is never enlarged."""
    rgb = image.convert("RGB")
    if rgb.width > width_px:
        rgb = rgb.resize((width_px, max(1, round(rgb.height * width_px / rgb.width))), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    rgb.save(buffer, "WEBP", quality=QUALITY, method=4)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return {"uri": f"data:image/webp;base64,{data}", "width": rgb.width, "height": rgb.height}


def figure(path: Path, root: Path, caption: str, width_px: int) -> dict[str, Any]:
    """An image file as a figure; `source` is its place in the store."""
    with Image.open(path) as image:
        return {"caption": caption, "source": path.relative_to(root).as_posix(), **embed(image, width_px)}


def photos(capture: Path, root: Path, most: int = 3, width_px: int = 320) -> list[dict[str, Any]]:
    """Photos of a capture, spread evenly over it. A capture made from a splat has none."""
    frames = json.loads((capture / "cameras.json").read_text())["frames"] if (capture / "cameras.json").is_file() else []
    files = [capture / frame["file"] for frame in frames if (capture / frame["file"]).is_file()]
    return [figure(path, root, "photo", width_px) for path in spread(files, most)]


def sheets(folder: Path, root: Path, caption: str, most: int, width_px: int) -> list[dict[str, Any]]:
    """PNG pictures below `folder`, by name, at most `most`."""
    files = sorted(folder.glob("*.png")) if folder.is_dir() else []
    return [figure(path, root, f"{caption}: {_name(path)}" if caption else _name(path), width_px) for path in spread(files, most)]


def clip_sheets(coverage: Path, root: Path, most: int = 2, frames: int = 5, width_px: int = 900) -> list[dict[str, Any]]:
    """A contact sheet for each of a few clips, with frames spread evenly over its time."""
    files = sorted((coverage / "clips").glob("*.mp4"))
    return [
        {"caption": _name(path), "source": path.relative_to(root).as_posix(), **embed(_strip(path, frames), width_px)}
        for path in spread(files, most)
    ]


def spread(items: Sequence[Path], most: int) -> list[Path]:
    """At most `most` items, evenly spaced, first and last among them when there are two or more."""
    if len(items) <= most:
        return list(items)
    return [items[i] for i in sorted({round(x) for x in np.linspace(0, len(items) - 1, most)})]


def _strip(path: Path, frames: int) -> Image.Image:
    import av

    with av.open(str(path)) as container:
        pictures = [frame.to_image() for frame in container.decode(video=0)]
    chosen = [pictures[round(i)] for i in np.linspace(0, len(pictures) - 1, frames)]
    width, height = chosen[0].size
    sheet = Image.new("RGB", (width * frames, height))
    for i, picture in enumerate(chosen):
        sheet.paste(picture, (i * width, 0))
    return sheet


def _name(path: Path) -> str:
    """A caption from a file's name: `held_out_000012` is a photo that training never saw, beside its renders."""
    stem, _, index = path.stem.rpartition("_")
    if stem == "held_out":
        return f"held-out photo {int(index)}, splat, depth"
    return path.stem.replace("_", " ").replace("-", " ")
