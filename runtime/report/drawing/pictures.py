"""Pictures in the report: small, and inside the page itself as data URIs."""

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from runtime.report.forms.pictures import Embedded, Picture

QUALITY = 78
"""WebP quality; 78 keeps text in contact sheets legible at about a third of PNG's size."""


def embed(image: Image.Image, width_px: int) -> Embedded:
    """A picture no wider than `width_px` as `uri`, `width` and `height`. It is never enlarged."""
    rgb = image.convert("RGB")
    if rgb.width > width_px:
        rgb = rgb.resize((width_px, max(1, round(rgb.height * width_px / rgb.width))), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    rgb.save(buffer, "WEBP", quality=QUALITY, method=4)
    return {"uri": data_uri("image/webp", buffer.getvalue()), "width": rgb.width, "height": rgb.height}


def data_uri(kind: str, content: bytes) -> str:
    """A file of a media type, inside the page."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def source(path: Path, artifact: Path) -> str:
    """The place in the store of a file of an artifact."""
    return path.relative_to(artifact.parent.parent).as_posix()


def figure(path: Path, artifact: Path, caption: str, width_px: int) -> Picture:
    """An image file of an artifact."""
    with Image.open(path) as image:
        return {"caption": caption, "source": source(path, artifact), **embed(image, width_px)}


def photos(capture: Path, most: int = 3, width_px: int = 320) -> list[Picture]:
    """Photos of a capture, spread evenly over it. A capture made from a splat has none."""
    frames = json.loads((capture / "cameras.json").read_text())["frames"] if (capture / "cameras.json").is_file() else []
    files = [capture / frame["file"] for frame in frames if (capture / frame["file"]).is_file()]
    return [figure(path, capture, "photo", width_px) for path in spread(files, most)]


def left_out(capture: Path) -> str:
    """`: 11 of 12 photos` where a capture leaves some out: they were absent, or could not be registered."""
    metrics = json.loads((capture / "manifest.json").read_text()).get("metrics", {})
    offered, used = metrics.get("photos"), metrics.get("registered")
    return f": {used} of {offered} photos" if offered and used is not None and used < offered else ""


def sheets(artifact: Path, below: str, most: int, width_px: int) -> list[Picture]:
    """PNG pictures in the folder `below` of an artifact, by name, at most `most`."""
    files = sorted((artifact / below).glob("*.png"))
    return [figure(path, artifact, _name(path), width_px) for path in spread(files, most)]


def clip_sheets(coverage: Path, most: int = 2, frames: int = 5, width_px: int = 900) -> list[Picture]:
    """A contact sheet for each of a few clips, with frames spread evenly over its time; then all clips with what no photo saw
    in red, where there are photos."""
    files = spread(sorted((coverage / "clips").glob("*.mp4")), most)
    shown: list[Picture] = [
        {"caption": _name(path), "source": source(path, coverage), **embed(_strip(path, frames), width_px)} for path in files
    ]
    red = coverage / "seen.png"
    return (
        [*shown, figure(red, coverage, "all clips: red is what no photo saw from about there", width_px)]
        if red.is_file()
        else shown
    )


def seen_share(coverage: Path) -> str:
    """`: photos saw 83 % of it (5 % as the paths were asked for)`; nothing where there are no photos."""
    metrics = json.loads((coverage / "manifest.json").read_text()).get("metrics", {})
    seen, asked = (metrics.get(name) for name in ("seen_fraction", "seen_as_asked"))
    if seen is None:
        return ""
    return f": photos saw {100 * seen:.0f} % of it" + (
        f" ({100 * asked:.0f} % as the paths were asked for)" if asked is not None else ""
    )


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
