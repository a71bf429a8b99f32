"""A lens, and the size of the photos that were taken through it. Standard library only: `simkiln check` holds lenses
against photos."""

from dataclasses import dataclass, replace

from runtime.capture.image_header import PhotoHeader

PANORAMA, POLYNOMIAL = "EQUIRECTANGULAR", "POLYNOMIAL"
VIEWS = tuple((90.0 * i, 0.0) for i in range(4)) + tuple((90.0 * i + 45, -45.0) for i in range(4))
"""Where a panorama is looked at through a pinhole of 90 degrees: (yaw to the right, pitch up), degrees."""
_QUARTERS = {1: 0, 6: 1, 3: 2, 8: 3}


class LensError(Exception):
    """A lens that cannot be that of a photo; the text, which follows the photo's name, says why."""


@dataclass(frozen=True)
class Lens:
    """What a camera does to rays: a pinhole behind a distortion.

    `model` is one of COLMAP's camera models, with `distortion` its parameters after focal lengths and centre; "" is the
    model of OpenCV and `POLYNOMIAL` that of nerfstudio, where k4 is another power of the radius.
    """

    width: int  # pixels
    height: int
    pinhole: tuple[float, float, float, float]  # fx, fy, cx, cy in pixels, pixel centres at +0.5
    distortion: tuple[float, ...] = ()  # k1 k2 p1 p2 k3 k4 k5 k6 but for COLMAP's models; none for a pinhole
    model: str = ""
    view: tuple[float, float] | None = None  # of a panorama: one of VIEWS

    @property
    def straight(self) -> bool:
        """Whether it is a pinhole."""
        return not self.model and not any(self.distortion)

    def resized(self, width: int, height: int) -> "Lens":
        """The same lens for photos of another size."""
        x, y = width / self.width, height / self.height
        fx, fy, cx, cy = self.pinhole
        return replace(self, width=width, height=height, pinhole=(fx * x, fy * y, cx * x, cy * y))

    def narrowed(self, width_px: int) -> "Lens":
        """The same lens for photos no wider than `width_px`."""
        width = min(width_px, self.width)
        return self.resized(width, round(self.height * width / self.width))

    def turned(self, quarters: int) -> "Lens":
        """The same lens, of OpenCV's model or a pinhole, for photos turned clockwise by quarters of a circle."""
        lens = self
        for _ in range(quarters):
            fx, fy, cx, cy = lens.pinhole
            bent = lens.distortion
            if len(bent) >= 4:  # tangential distortion is 2 (p x) x + r^2 p with the vector p = (p2, p1), which turns too
                bent = (*bent[:2], bent[3], -bent[2], *bent[4:])
            lens = replace(lens, width=lens.height, height=lens.width, pinhole=(fy, fx, lens.height - cy, cx), distortion=bent)
        return lens


def panorama(width: int, height: int) -> Lens:
    """The lens of an equirectangular photo: all directions, forward in the middle."""
    return Lens(width, height, (width / 2, height, width / 2, height / 2), (), PANORAMA)


def quarters(header: PhotoHeader) -> int | None:
    """By how many quarters of a circle a photo is to be turned clockwise to be upright; None if it is mirrored too."""
    return _QUARTERS.get(header.orientation)


def fitted(lens: Lens, header: PhotoHeader) -> tuple[Lens, bool]:
    """The lens that a pose file states, for the very photo, and whether the photo is to be turned upright on reading.

    The file may speak of the photo in another size. Where it speaks of portrait, the pixels are stored in landscape and
    Exif says that they are to be turned, it means the upright photo.

    Raises:
        LensError: the shape of the photo is another one than the file's, beyond rounding.
    """
    if lens.model == PANORAMA and abs(lens.width - 2 * lens.height) > 2:
        raise LensError(f"is {lens.width}x{lens.height}, but a panorama is twice as wide as high")
    stored, upright = (header.width, header.height), header.upright_size()
    if _alike(stored, (lens.width, lens.height)):
        return lens.resized(*stored), False
    if _alike(upright, (lens.width, lens.height)):
        return lens.resized(*upright), True
    said = f"is {header.width}x{header.height}, but its camera in the pose file {lens.width}x{lens.height}"
    turned = _alike(stored[::-1], (lens.width, lens.height))
    raise LensError(said + (", the turned size" if turned else ", which is another shape"))


def _alike(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Whether two sizes are of one shape, each side rounded to a whole number."""
    return abs(a[0] / b[0] - a[1] / b[1]) <= 1.01 * (max(1, a[0] / b[0]) / b[0] + max(1, a[1] / b[1]) / b[1])
