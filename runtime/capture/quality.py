"""How well a capture was taken: what its photos and cameras tell before a splat is trained."""

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from runtime.capture.focus import find_focus
from runtime.capture.posed import Shot

NEAR = 4
"""Photos that each is held against: the nearest in place and direction, which show much the same."""
BLURRED = 0.35
"""Share of the sharpness of those near it below which a photo is blurred."""
GAP_DEG = 30.0
"""Step round the focus beyond which what lies between was not photographed: surfaces count as seen from within this angle."""
RING_DEG = 15.0


class Looked:
    """Sharpness and exposure of photos, noted while they pass on to be written."""

    def __init__(self) -> None:
        self.sharpness: list[float] = []
        self.exposure_ev: list[float] = []

    def passing(self, shots: Iterable[Shot]) -> Iterator[Shot]:
        """The same shots. Sharpness is the variance of the Laplacian (Pech-Pacheco et al. 2000), exposure the mean
        linear light in stops."""
        for shot in shots:
            gray = cv2.cvtColor(shot.rgb, cv2.COLOR_RGB2GRAY)
            counts = np.ones(gray.shape, bool) if shot.mask is None else shot.mask
            if counts.any():
                self.sharpness.append(float(cv2.Laplacian(gray, cv2.CV_64F)[counts].var()))
                self.exposure_ev.append(float(np.log2(np.mean((gray[counts] / 255.0) ** 2.2) + 1e-4)))
            else:
                self.sharpness.append(0.0)
                self.exposure_ev.append(float(np.log2(1e-4)))
            yield shot

    def report(self, c2w: np.ndarray, xyz: np.ndarray, up: np.ndarray) -> dict[str, float]:
        """Figures of a capture with poses [F, 4, 4], sparse points [N, 3] and up [3], for its metrics and for gates.

        `blurred_fraction`: photos much less sharp than those near them. `exposure_step_ev`: nine photos of ten are within
        it of those near them. Where the cameras look at one place from several sides, also `arc_deg` (of 360 round it,
        without gaps of more than 30 degrees), `largest_gap_deg`, `step_deg` (median angle to the nearest photo) and `rings`
        (bands of 15 degrees in height that hold nine photos of ten).
        """
        count = len(c2w)
        if count < 2:
            return {}
        focus = find_focus(xyz, c2w)
        place, forward = c2w[:, :3, 3], c2w[:, :3, 2]
        apart = np.linalg.norm(place[:, None] - place[None], axis=2) / max(focus.detail, 1e-9)
        apart = apart + np.linalg.norm(forward[:, None] - forward[None], axis=2) + np.where(np.eye(count), np.inf, 0)
        near = np.argsort(apart, axis=1)[:, : min(NEAR, count - 1)]
        sharp, light = np.array(self.sharpness), np.array(self.exposure_ev)
        steps = np.abs(light - np.median(light[near], axis=1))
        found = {
            "blurred_fraction": float(np.mean(sharp < BLURRED * np.median(sharp[near], axis=1))),
            "exposure_step_ev": float(np.quantile(steps, 0.9)),
        }
        return found | (_round_focus(place - focus.center, up) if focus.orbit else {})


def _round_focus(out: np.ndarray, up: np.ndarray) -> dict[str, float]:
    """Figures of directions [F, 3] from the focus to the cameras."""
    out = out / np.linalg.norm(out, axis=1, keepdims=True)
    between = np.degrees(np.arccos(np.clip(out @ out.T, -1, 1))) + np.where(np.eye(len(out)), np.inf, 0)
    height = np.degrees(np.arcsin(np.clip(out @ up, -1, 1)))
    first = np.cross(up, np.eye(3)[np.argmin(np.abs(up))])
    first /= np.linalg.norm(first)
    aside = np.abs(height) < 80  # straight above there is no side
    angle = np.sort(np.degrees(np.arctan2(out @ np.cross(up, first), out @ first))[aside])
    gaps = np.diff(angle, append=angle[0] + 360) if len(angle) else np.array([360.0])
    low, high = np.quantile(height, [0.05, 0.95])
    rings, top = 0, -np.inf
    for value in np.sort(height[(height >= low) & (height <= high)]):
        if value > top:
            rings, top = rings + 1, value + RING_DEG
    return {
        "arc_deg": float(360 - gaps[gaps > GAP_DEG].sum()),
        "largest_gap_deg": float(gaps.max()),
        "step_deg": float(np.median(between.min(1))),
        "rings": rings,
    }
