"""Align a live picture with a reference: register it, and take out the difference of the light.

The camera of a real robot stands a little beside where its twin thinks, and the light is another one since the photos were
taken. Both show against the twin's own picture of the empty place: a shift, a turn and a zoom bring the live picture over it
(Gauss-Newton on the reference's gradients, the inverse compositional form of Lucas and Kanade; Baker and Matthews,
"Lucas-Kanade 20 Years On", 2004), and a plane of gain for each colour explains the rest. What the reference does not show,
robot and objects first of all, does not fit and is weighted down (Geman and McClure, 1987).
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

SMOOTHING_PX = (2.0, 1.0)
"""Blur of both pictures, coarse to fine: how far a gradient reaches."""
ITERATIONS = 8
"""Gauss-Newton steps at each blur."""
LEAST_GAIN, MOST_GAIN = 0.3, 3.0
STRIDE = 2
"""Of the pixels that are looked at, along both axes: a blurred picture says no more."""
MOST_MOTION = 0.3
"""In half widths, and radians; what would go farther is left where it is."""
CLOSE = 5e-4
"""Steps smaller than that end the search: a 60th of a pixel of a picture 64 pixels wide."""
RIDGE = 1e-3
"""Of the mean curvature: what the reference does not tell, such as a zoom of a bare table, stays zero."""


class Alignment:
    """Brings pictures u8 [N, H, W, 3] of one camera to the reference u8 [H, W, 3]."""

    def __init__(self, reference: np.ndarray) -> None:
        self.height, self.width = reference.shape[:2]
        v, u = np.indices((self.height, self.width), dtype=np.float32).reshape(2, -1)
        half = self.width / 2
        x, y = (u - (self.width - 1) / 2) / half, (v - (self.height - 1) / 2) / half
        one, none = np.ones_like(x), np.zeros_like(x)
        # a small motion, in half widths: shift along x and y, turn, zoom; [4, 2, P] as (dv, du) in pixels
        motions = half * np.array([(none, one), (one, none), (x, -y), (y, x)], np.float32)
        at, plane = np.stack([v, u]), np.stack([one, x, y], -1)  # [2, P], [P, 3]
        some = np.flatnonzero((v % STRIDE == 0) & (u % STRIDE == 0))
        self._all = _Pixels(at, plane, motions)
        self._some = _Pixels(at[:, some], plane[some], motions[:, :, some])
        self._levels = [self._level(reference.astype(np.float32), sigma, some) for sigma in SMOOTHING_PX]

    def _level(self, reference: np.ndarray, sigma: float, some: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """A blur, and the reference [Q, 3] blurred so far with what each motion changes of it [4, Q, 3]."""
        smooth = ndimage.gaussian_filter(reference, (sigma, sigma, 0))
        slopes = np.stack(np.gradient(smooth, axis=(0, 1))).reshape(2, -1, 3)[:, some]
        return sigma, smooth.reshape(-1, 3)[some], np.einsum("kiq,iqc->kqc", self._some.motions, slopes)

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """The pictures as the reference's camera would have taken them in the reference's light.

        Raises:
            ValueError: when they are of another size than the reference.
        """
        if pictures.shape[1:] != (self.height, self.width, 3):
            raise ValueError(f"pictures {pictures.shape[1:]} and a reference {(self.height, self.width, 3)}")
        return np.stack([self._align(picture) for picture in pictures]) if len(pictures) else pictures

    def _align(self, picture: np.ndarray) -> np.ndarray:
        motion, planes = self.fit(picture)
        gain = np.clip(self._all.plane @ planes, LEAST_GAIN, MOST_GAIN)
        moved = self._warped(picture.reshape(-1, 3).astype(np.float32), motion, self._all) / gain
        return np.clip(moved + 0.5, 0, 255).astype(np.uint8).reshape(picture.shape)

    def fit(self, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far the picture u8 [H, W, 3] is off: its motion [4] (shift along x and y in half widths, turn in radians, zoom),
        and a plane of gain for each colour [3, 3] (in the middle, and how it changes along x and y)."""
        motion, planes = np.zeros(4), np.array((np.ones(3), np.zeros(3), np.zeros(3)), np.float32)
        for sigma, reference, slopes in self._levels:
            smooth = ndimage.gaussian_filter(picture.astype(np.float32), (sigma, sigma, 0)).reshape(-1, 3)
            for _ in range(ITERATIONS):
                live = self._warped(smooth, motion, self._some)
                planes, wrong = self._light(live, reference, planes)
                weighted = (slopes * _weight(wrong)[:, None]).reshape(4, -1)
                curvature = weighted @ slopes.reshape(4, -1).T
                curvature += (RIDGE * np.trace(curvature) / 4 + 1e-6) * np.eye(4)
                step = np.linalg.solve(curvature, weighted @ wrong.ravel())
                motion = motion - step
                if np.abs(motion).max() > MOST_MOTION:
                    return np.zeros(4), self._light(smooth[self._some.index(self.width)], reference, planes)[0]
                if np.abs(step).max() < CLOSE:
                    break
        return motion, planes

    def _light(self, live: np.ndarray, reference: np.ndarray, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The planes of gain [3, 3] by which the reference [Q, 3] becomes the live picture, and what is left [Q, 3]."""
        basis = self._some.plane
        weight = _weight(live / np.clip(basis @ planes, LEAST_GAIN, MOST_GAIN) - reference)
        bases = (basis[:, :, None] * reference[:, None]).transpose(2, 1, 0)  # [colour, 3, Q]
        normal = bases * weight
        square = normal @ bases.transpose(0, 2, 1)
        square += 1e-6 * np.trace(square, axis1=1, axis2=2)[:, None, None] * np.eye(3)
        planes = np.linalg.solve(square, normal @ live.T[:, :, None])[..., 0].T.astype(np.float32)
        return planes, live / np.clip(basis @ planes, LEAST_GAIN, MOST_GAIN) - reference

    def _warped(self, picture: np.ndarray, motion: np.ndarray, pixels: "_Pixels") -> np.ndarray:
        """The picture [P, 3] drawn at some pixels from where `motion` says, between four of its own; edges repeat."""
        v, u = pixels.at + np.tensordot(motion.astype(np.float32), pixels.motions, 1)
        v, u = v.clip(0, self.height - 1), u.clip(0, self.width - 1)
        top, left = np.minimum(v.astype(np.intp), self.height - 2), np.minimum(u.astype(np.intp), self.width - 2)
        down, right = (v - top)[:, None], (u - left)[:, None]
        first = top * self.width + left
        upper = picture[first] * (1 - right) + picture[first + 1] * right
        lower = picture[first + self.width] * (1 - right) + picture[first + self.width + 1] * right
        return upper * (1 - down) + lower * down


@dataclass(frozen=True)
class _Pixels:
    """Some pixels of a picture: their places [2, Q] as (v, u), the planes [Q, 3] and the motions [4, 2, Q] there."""

    at: np.ndarray
    plane: np.ndarray
    motions: np.ndarray

    def index(self, width: int) -> np.ndarray:
        """Where they stand in a picture [P, 3] of that width."""
        v, u = self.at.astype(np.intp)
        return v * width + u


def _weight(wrong: np.ndarray) -> np.ndarray:
    """Weight [P] of pixels by their residuals [P, 3]: Geman and McClure's, its scale the median residual."""
    size = np.abs(wrong).sum(axis=1)
    scale = max(2.0 * float(np.median(size)), 1.0)
    return 1 / (1 + (size / scale) ** 2) ** 2
