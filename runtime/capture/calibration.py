"""A lens from a calibration file, as OpenCV (YAML or JSON) and ROS (`camera_info`) write it. No numpy.

Their principal points count from the middle of the first pixel, ours from its corner.
Source: docs.opencv.org, "Camera calibration" and cv::FileStorage; ROS, sensor_msgs/CameraInfo.
"""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from runtime.bound.known_lens import KnownLens
from runtime.bound.source import Photos
from runtime.capture.bounds import is_usable
from runtime.capture.image_header import PhotoHeader
from runtime.capture.lens import Lens, LensError, fitted, quarters
from runtime.files import read_file
from runtime.problem import InputError, Problem

LARGEST = 2**20
MATRIX = ("camera_matrix", "cameraMatrix", "Camera_Matrix", "K", "mtx")
DISTORTION = ("distortion_coefficients", "distCoeffs", "dist_coeffs", "Distortion_Coefficients", "D", "dist")
WIDTH, HEIGHT = ("image_width", "image_Width", "width"), ("image_height", "image_Height", "height")


class CalibrationError(Exception):
    """The file holds no lens that is read; the text says why."""


class _Loader(yaml.SafeLoader):
    """Knows OpenCV's matrices."""


_Loader.add_constructor("tag:yaml.org,2002:opencv-matrix", lambda loader, node: loader.construct_mapping(node, deep=True))


def read_calibration(path: Path) -> KnownLens:
    """The lens in a file.

    Raises:
        CalibrationError: no YAML or JSON, or not one with matrix, distortion and size of a perspective lens.
        OSError: it cannot be read.
    """
    try:
        text = read_file(path, LARGEST).decode("utf-8").replace("%YAML:1.0", "", 1)
        said = yaml.load(text, _Loader)  # a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError):
        raise CalibrationError("is neither YAML nor JSON") from None
    if not isinstance(said, dict):
        raise CalibrationError("holds no mapping")
    if str(said.get("distortion_model", "plumb_bob")) not in ("plumb_bob", "rational_polynomial", "radtan"):
        raise CalibrationError(f"has the distortion model `{said['distortion_model']}`, which is not a perspective one")
    matrix, bent = _numbers(said, MATRIX), _numbers(said, DISTORTION, [])
    size = [said.get("image_size", [None, None])[i] if isinstance(said.get("image_size"), list) else None for i in (0, 1)]
    width, height = (next((said[k] for k in keys if k in said), size[i]) for i, keys in enumerate((WIDTH, HEIGHT)))
    if len(matrix) != 9:
        raise CalibrationError(f"has no camera matrix of 3x3 numbers (as `{MATRIX[0]}`)")
    if any(bent[5:]):
        raise CalibrationError("has distortion beyond k1, k2, p1, p2, k3: calibrate without the rational model")
    names = dict(zip(("k1", "k2", "p1", "p2", "k3"), bent, strict=False))
    fx, _, cx, _, fy, cy, *_ = matrix
    lens = {"width": width, "height": height, "fx": fx, "fy": fy, "cx": cx + 0.5, "cy": cy + 0.5}
    try:
        return KnownLens.model_validate(lens | names)
    except ValidationError as error:
        first = error.errors()[0]
        raise CalibrationError(f"has an impossible `{'.'.join(map(str, first['loc']))}`: {first['msg'].lower()}") from None


def known_lens(source: Photos, folder: Path) -> Lens | None:
    """The lens that a source states.

    Raises:
        CalibrationError: its file holds none. OSError: the file cannot be read.
    """
    if source.lens is None:
        return None
    said = read_calibration(folder / source.lens) if isinstance(source.lens, str) else source.lens
    bent = (said.k1, said.k2, said.p1, said.p2, said.k3)
    return Lens(said.width, said.height, (said.fx, said.fy, said.cx, said.cy), bent)


def of_photo(lens: Lens, name: str, header: PhotoHeader, upright: bool) -> Lens:
    """A known lens for a photo of another size, as it is stored or upright.

    Raises:
        InputError: R213, the photo has another shape.
    """
    try:
        fit, is_upright = fitted(lens, header)
    except LensError:
        message = f"photo `{name}` is {header.width}x{header.height}, but the lens is for {lens.width}x{lens.height}"
        help_ = "give the lens for photos of that shape, or leave out those of another camera"
        raise InputError(Problem("R213", message, help_, "source.lens")) from None
    return fit.turned((quarters(header) or 0) * (upright - is_upright) % 4)


def _numbers(said: dict[str, Any], keys: tuple[str, ...], absent: list[float] | None = None) -> list[float]:
    found = next((said[key] for key in keys if key in said), absent if absent is not None else [])
    found = found.get("data", []) if isinstance(found, dict) else found
    flat: list[Any] = []
    for row in found if isinstance(found, list) else []:
        flat += row if isinstance(row, list) else [row]
    if not all(map(is_usable, flat)) or len(flat) > 14:
        raise CalibrationError(f"has something else than numbers for `{keys[0]}`")
    return [float(v) for v in flat]
