"""Reading COLMAP's sparse models, text and binary, standard library only.

Read here rather than through pycolmap because the compiler checks models where pycolmap is not installed, and because a
damaged model ends a process inside COLMAP instead of raising.
Source: colmap.github.io/format.html. Poses there are world-to-camera quaternions (w x y z) in OpenCV axes.
"""

import math
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from runtime.capture.bounds import is_usable
from runtime.capture.image_header import PhotoHeader
from runtime.capture.lens import PANORAMA, Lens, panorama
from runtime.files import Unfit, open_file, read_file

# model id -> (name, number of parameters)
MODELS = {
    0: ("SIMPLE_PINHOLE", 3),
    1: ("PINHOLE", 4),
    2: ("SIMPLE_RADIAL", 4),
    3: ("RADIAL", 5),
    4: ("OPENCV", 8),
    5: ("OPENCV_FISHEYE", 8),
    6: ("FULL_OPENCV", 12),
    7: ("FOV", 5),
    8: ("SIMPLE_RADIAL_FISHEYE", 4),
    9: ("RADIAL_FISHEYE", 5),
    10: ("THIN_PRISM_FISHEYE", 12),
    11: ("RAD_TAN_THIN_PRISM_FISHEYE", 16),
    12: ("SIMPLE_DIVISION", 4),
    13: ("DIVISION", 5),
    14: ("SIMPLE_FISHEYE", 3),
    15: ("FISHEYE", 4),
    16: ("EUCM", 6),
    17: (PANORAMA, 2),
}
_ONE_FOCAL = ("RADIAL", "RADIAL_FISHEYE")
"""And all that are called SIMPLE."""
# model -> the more general one that it is a case of, and how many parameters that has after focal lengths and centre
_CASE_OF = {
    **dict.fromkeys(("SIMPLE_PINHOLE", "PINHOLE"), ("", 0)),
    **dict.fromkeys(("SIMPLE_RADIAL", "RADIAL", "OPENCV"), ("", 4)),
    "FULL_OPENCV": ("", 8),
    **dict.fromkeys(("SIMPLE_FISHEYE", "FISHEYE", "SIMPLE_RADIAL_FISHEYE", "RADIAL_FISHEYE"), ("OPENCV_FISHEYE", 4)),
    "SIMPLE_DIVISION": ("DIVISION", 1),
}
_COUNTS = dict(MODELS.values())
LARGEST = 2 * 2**30
"""Bytes of one file of a model."""
READ_AT_CHECK = 8 * 2**20
"""A file of points up to this size is read for a check as well, which takes a second."""


LENS_HELP = "undistort the photos first (`colmap image_undistorter`), or estimate the poses again with the lens OPENCV"


class ModelError(Exception):
    """The model is damaged or of a kind that is not supported; the text says how, and `help` what to do."""

    def __init__(self, message: str, help: str = "write it again with the tool that made it") -> None:
        super().__init__(message)
        self.help = help


class LensModelError(Exception):
    """A lens model that is none of COLMAP's."""


@dataclass(frozen=True)
class ModelCamera:
    """Lens model name, size in pixels and COLMAP's parameter list."""

    model: str
    width: int
    height: int
    params: tuple[float, ...]

    def lens(self, header: PhotoHeader) -> Lens:
        """The lens, in the size that the model states (the photo's own does not matter)."""
        if self.model == PANORAMA:
            return panorama(self.width, self.height)
        fx, *rest = self.params
        fy, cx, cy, *distortion = (fx, *rest) if self.model.startswith("SIMPLE") or self.model in _ONE_FOCAL else rest
        model, count = _CASE_OF.get(self.model, (self.model, len(distortion)))
        padded = (*distortion, *[0.0] * count)[:count]
        return Lens(self.width, self.height, (fx, fy, cx, cy), padded, model)


@dataclass(frozen=True)
class ModelImage:
    """One registered photo: name, camera, world-to-camera pose, and (u, v, point id) of points it sees."""

    name: str
    camera_id: int
    qvec: tuple[float, float, float, float]
    tvec: tuple[float, float, float]
    points2d: list[tuple[float, float, int]] = field(default_factory=list, repr=False)


@dataclass(frozen=True)
class Model:
    """Cameras by id, photos in name order, points by id as (x, y, z, r, g, b)."""

    cameras: dict[int, ModelCamera]
    images: list[ModelImage]
    points: dict[int, tuple[float, float, float, int, int, int]]


def read_model(folder: Path, points: bool = True) -> Model:
    """Read `cameras`, `images` and `points3D` in text or binary form, whichever the folder holds (binary first).

    `points=False` leaves out what each photo sees, and points where they are many: enough to know the photos, and fast. A
    model without points is whole as well.

    Raises:
        ModelError: a damaged file, an unsupported lens, no photos, or a photo without a camera.
        OSError: a file cannot be read.
    """
    binary = is_binary(folder)
    cameras = _parse(folder / ("cameras.bin" if binary else "cameras.txt"), _cameras_bin, _cameras_txt)
    listed = folder / ("images.bin" if binary else "images.txt")
    found = _parse(listed, partial(_images_bin, points=points), partial(_images_txt, points=points))
    images = sorted(found, key=lambda i: i.name)
    cloud = folder / ("points3D.bin" if binary else "points3D.txt")
    there = os.path.isfile(cloud)  # without, points are triangulated
    if there and os.path.getsize(cloud) > LARGEST:  # said now, not when a job reads it
        raise ModelError(f"is too large: `{cloud.name}` has more than {LARGEST // 2**20:,} MiB")
    points = there and (points or os.path.getsize(cloud) < READ_AT_CHECK)
    model = Model(dict(cameras), images, dict(_parse(cloud, _points_bin, _points_txt)) if points else {})
    if not images:
        raise ModelError("holds no photos")
    for image in images:
        if image.camera_id not in model.cameras:
            raise ModelError(f"has no camera {image.camera_id} for `{image.name}`")
        norm = math.sqrt(sum(q * q for q in image.qvec))
        if not all(map(is_usable, image.tvec)) or not 0.5 < norm < 2:
            raise ModelError(f"has no valid pose for `{image.name}`")
    return model


def is_binary(folder: Path) -> bool:
    """Whether a model's binary files are read, not its texts."""
    return all(os.path.isfile(folder / name) for name in ("cameras.bin", "images.bin"))


def is_model(folder: Path) -> bool:
    """Whether a folder holds a model; its points may be absent."""
    return is_binary(folder) or all(os.path.isfile(folder / name) for name in ("cameras.txt", "images.txt"))


def count_images(folder: Path) -> int:
    """How many photos a model says it has; 0 for one that cannot be read."""
    try:
        if is_binary(folder):
            with open_file(folder / "images.bin") as file:
                return struct.unpack("<Q", file.read(8))[0]
        with open_file(folder / "images.txt") as file:
            return sum(not line.startswith(b"#") for line in file) // 2
    except (OSError, struct.error):
        return 0


def model_files(folder: Path) -> list[str]:
    """Names of the files that are read of a model."""
    kind = "bin" if is_binary(folder) else "txt"
    return [n for n in (f"cameras.{kind}", f"images.{kind}", f"points3D.{kind}") if os.path.isfile(folder / n)]


def _parse(path: Path, binary: Callable, text: Callable) -> list:
    try:
        content = read_file(path, LARGEST)
        return list(binary(_Reader(content)) if path.suffix == ".bin" else text(content.decode("utf-8").splitlines()))
    except Unfit as error:
        raise ModelError(f"cannot be read: `{path.name}`: {error.strerror}") from None
    except LensModelError as error:
        raise ModelError(f"has the lens model `{error}`, which is not known", LENS_HELP) from None
    except ModelError as error:
        raise ModelError(f"is damaged in `{path.name}`: {error}") from None
    except (struct.error, ValueError, IndexError, UnicodeDecodeError):
        raise ModelError(f"is damaged in `{path.name}`") from None


def _camera(name: str, width: int, height: int, params: tuple[float, ...]) -> ModelCamera:
    if name not in _COUNTS:
        raise LensModelError(name)
    if len(params) != _COUNTS[name] or width <= 0 or height <= 0 or not all(map(is_usable, params)):
        raise ModelError("a camera with impossible numbers")
    return ModelCamera(name, width, height, params)


class _Reader:
    """A cursor over bytes that raises struct.error at their end."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, form: str) -> tuple:
        layout = struct.Struct("<" + form)
        values = layout.unpack_from(self.data, self.at)
        self.at += layout.size
        return values

    def rows(self, form: str, count: int) -> list[tuple]:
        start = self.at
        self.skip(form, count)
        return list(struct.iter_unpack("<" + form, self.data[start : self.at]))

    def skip(self, form: str, count: int) -> list[tuple]:
        self.at += struct.calcsize("<" + form) * count
        if self.at > len(self.data):
            raise struct.error
        return []

    def name(self) -> str:
        end = self.data.index(b"\0", self.at)
        text = self.data[self.at : end].decode("utf-8")
        self.at = end + 1
        return text


def _cameras_bin(r: _Reader) -> Iterator[tuple[int, ModelCamera]]:
    for _ in range(r.take("Q")[0]):
        camera, model, width, height = r.take("IiQQ")
        if model not in MODELS:
            raise LensModelError(f"number {model}")
        name, count = MODELS[model]
        yield camera, _camera(name, width, height, r.take(f"{count}d"))


def _cameras_txt(lines: list[str]) -> Iterator[tuple[int, ModelCamera]]:
    for line in _content(lines):
        number, name, width, height, *params = line.split()
        yield int(number), _camera(name, int(width), int(height), tuple(map(float, params)))


def _images_bin(r: _Reader, points: bool) -> Iterator[ModelImage]:
    for _ in range(r.take("Q")[0]):
        _, *pose, camera = r.take("I7dI")
        name = r.name()
        seen = r.rows("ddq", r.take("Q")[0]) if points else r.skip("ddq", r.take("Q")[0])
        yield ModelImage(name, camera, tuple(pose[:4]), tuple(pose[4:]), seen)


def _images_txt(lines: list[str], points: bool) -> Iterator[ModelImage]:
    # Two lines a photo; the second, of its points, may be empty, so only comments can be dropped beforehand.
    kept = [line for line in lines if not line.startswith("#")]
    while kept and not kept[0].strip():
        kept.pop(0)
    for head, tail in zip(kept[::2], [*kept[1::2], ""], strict=False):
        if not head.strip():
            continue
        _, *rest = head.split(maxsplit=9)
        numbers = tail.split()
        if len(rest) != 9 or len(numbers) % 3 or not all(n.lstrip("-").isdecimal() for n in numbers[2::3]):
            raise ModelError(f"two lines a photo are needed, the second (of its points) may be empty; see `{rest[-1]}`")
        numbers = numbers if points else []
        seen = [(float(numbers[i]), float(numbers[i + 1]), int(numbers[i + 2])) for i in range(0, len(numbers), 3)]
        pose = [float(v) for v in rest[:7]]
        yield ModelImage(rest[8], int(rest[7]), tuple(pose[:4]), tuple(pose[4:]), seen)  # ty: ignore[invalid-argument-type]


def _points_bin(r: _Reader) -> Iterator[tuple[int, tuple]]:
    for _ in range(r.take("Q")[0]):
        number, x, y, z, red, green, blue, _ = r.take("QdddBBBd")
        r.skip("II", r.take("Q")[0])
        yield number, (x, y, z, red, green, blue)


def _points_txt(lines: list[str]) -> Iterator[tuple[int, tuple]]:
    for line in _content(lines):
        number, x, y, z, red, green, blue = line.split()[:7]
        yield int(number), (float(x), float(y), float(z), int(red), int(green), int(blue))


def _content(lines: list[str]) -> Iterator[str]:
    return (line for line in lines if line.strip() and not line.startswith("#"))
