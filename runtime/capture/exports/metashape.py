"""Agisoft Metashape's cameras (File > Export > Export Cameras, XML).

Poses are camera-to-chunk in OpenCV axes, row by row; the chunk's own transform (rotation, translation, scale) brings them to the
world. Lenses are of the frame kind: u = w/2 + cx + x' f + x' b1 + y' b2, with k1 to k4 and p1, p2, of which OpenCV's first is
Metashape's second. Cameras that are disabled or were not aligned are left out.
Source: Agisoft Metashape User Manual, Professional Edition, appendix D (camera models); nerfstudio,
process_data/metashape_utils.py.
"""

import math
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from runtime.capture.exports.said import Said, number, numbers, pose, product, xml_of
from runtime.capture.transforms_file import TransformsError

EARTH_M = 6e6
"""A translation of this length is to the middle of the earth: up is then away from it."""


def read_metashape(path: Path, images: str) -> Said:
    """The aligned cameras of the first chunk; `images` is the folder of their photos, beside the file.

    Raises:
        TransformsError: no XML of cameras, a lens that is not perspective, a number that is none. OSError: as `open`.
    """
    root = xml_of(path)
    chunk = root if root.tag == "chunk" else root.find("chunk")
    if chunk is None:
        raise TransformsError("has no `chunk`: it is no Metashape cameras file")
    used = [c for c in chunk.iter("camera") if c.get("enabled", "1") in ("1", "true") and c.find("transform") is not None]
    if not used:
        raise TransformsError("has no camera that is enabled and aligned")
    sensors = {s.get("id", ""): s for s in chunk.iter("sensor")}
    turn, move, scale = _placed(chunk.find("transform"))
    lenses = {name: _lens(sensors[name]) for name in sorted({c.get("sensor_id", "") for c in used}) if name in sensors}
    away = math.sqrt(sum(m * m for m in move))
    on_earth = away > EARTH_M
    frames = []
    for camera in used:
        label = camera.get("label", "")
        lens = lenses.get(camera.get("sensor_id", ""))
        if not label or lens is None:
            raise TransformsError(f"has a camera without a label or sensor (`{label or camera.get('id')}`)")
        cells = numbers(camera.findtext("transform"), 16, f"the transform of `{label}`")
        rows = [cells[4 * i : 4 * i + 4] for i in range(3)]
        at = [scale * sum(turn[i][k] * rows[k][3] for k in range(3)) + (0.0 if on_earth else move[i]) for i in range(3)]
        matrix = pose(product(turn, [row[:3] for row in rows]), at, opencv=True)
        frames.append({"file_path": f"{images}/{label}", "transform_matrix": matrix, **lens})
    up = {"up": [m / away for m in move]} if on_earth else {}
    return Said({"frames": frames} | up, path.parent, (path,))


def _placed(transform: ET.Element | None) -> tuple[list[list[float]], list[float], float]:
    turn: list[list[float]] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    move, scale = [0.0, 0.0, 0.0], 1.0
    if transform is not None:
        if transform.find("rotation") is not None:
            cells = numbers(transform.findtext("rotation"), 9, "the chunk's rotation")
            turn = [cells[3 * i : 3 * i + 3] for i in range(3)]
        if transform.find("translation") is not None:
            move = numbers(transform.findtext("translation"), 3, "the chunk's translation")
        scale = number(transform.findtext("scale") or 1.0, "the chunk's scale")
    return turn, move, scale


def _lens(sensor: ET.Element) -> dict[str, Any]:
    name = sensor.get("label") or sensor.get("id") or ""
    if sensor.get("type", "frame") != "frame":
        raise TransformsError(f"has the lens `{name}` of type `{sensor.get('type')}`, which is not a perspective one")
    kept = sorted(sensor.findall("calibration"), key=lambda c: c.get("class") != "adjusted")
    size = sensor.find("resolution")
    if not kept or size is None:
        raise TransformsError(f"has no calibration or resolution for the lens `{name}`")

    def value(key: str) -> float:
        text = kept[0].findtext(key)
        return 0.0 if text is None else number(text, f"`{key}` of the lens `{name}`")

    if value("b2"):
        raise TransformsError(f"has the lens `{name}` with b2, pixels that are skewed: optimise the cameras without it")
    width, height = (number(size.get(key), f"`{key}` of the lens `{name}`") for key in ("width", "height"))
    f = value("f")
    return {
        **{"w": width, "h": height, "fl_x": f + value("b1"), "fl_y": f},
        **{"cx": width / 2 + value("cx"), "cy": height / 2 + value("cy")},
        **{"k1": value("k1"), "k2": value("k2"), "k3": value("k3"), "k4": value("k4"), "p1": value("p2"), "p2": value("p1")},
    }
