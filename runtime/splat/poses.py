"""Small corrections of the training photos' poses, learned beside the Gaussians (BARF, Lin et al. 2021)."""

import numpy as np

from runtime.splat.adam import Adam
from runtime.splat.backward import Gradients
from runtime.splat.checkpoint import nested, part
from runtime.splat.gaussians import Gaussians

RATE = 5e-4  # radians, and shares of the scene's extent; falls to a hundredth
FROM = 0.15  # of the iterations: before, Gaussians stand too far off to say where a camera is


class Poses:
    """For each photo a rotation vector and a shift in its camera's frame; both are 0 on average over photos, so that the
    splat stays where the capture's cameras are."""

    def __init__(self, photos: int, extent: float) -> None:
        """No correction yet; `extent` is a length of the scene."""
        self._moved, self._extent = Adam(np.zeros((photos, 6), np.float32)), extent

    def state(self) -> dict[str, np.ndarray]:
        """Arrays that it is restored from."""
        return nested({"moved": self._moved})

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a `state`."""
        self._moved.restore(part(state, "moved"))

    def viewmat(self, index: int, given: np.ndarray) -> np.ndarray:
        """World-to-camera matrix [4, 4] of photo `index`, corrected."""
        from scipy.spatial.transform import Rotation

        moved = self._moved.value[index].astype(np.float64)
        correction = np.eye(4)
        correction[:3, :3] = Rotation.from_rotvec(moved[:3]).as_matrix()
        correction[:3, 3] = moved[3:] * self._extent
        return correction @ given

    def step(self, index: int, viewmat: np.ndarray, now: Gaussians, gradients: Gradients, rate: float) -> None:
        """Learn from the gradients of a render from `viewmat` (the corrected one) by its Gaussians."""
        g = np.zeros_like(self._moved.value)
        g[index] = pose_gradient(viewmat, now, gradients) * np.repeat([1, self._extent], 3)
        self._moved.step(g, rate)
        self._moved.value -= self._moved.value.mean(axis=0)


def pose_gradient(viewmat: np.ndarray, now: Gaussians, gradients: Gradients) -> np.ndarray:
    """Gradient [6] by a small rotation vector and a shift, in the camera's frame, of the scene before the camera.

    A camera that moves sees what it would if all Gaussians moved the other way, so their gradients say it. Colours that
    depend on the side seen would have to turn with them: what they add to a rotation is taken as it is.
    """
    turn = np.asarray(viewmat, np.float64)[:3, :3]
    g_points = gradients.means.astype(np.float64) @ turn.T
    points = now.means @ turn.T + viewmat[:3, 3]
    q, g = now.quats.astype(np.float64), gradients.quats.astype(np.float64)
    spin = 0.5 * (q[:, :1] * g[:, 1:] - q[:, 1:] * g[:, :1] + np.cross(q[:, 1:], g[:, 1:]))  # d/dw of (w/2) * q at 0
    return np.concatenate([np.cross(points, g_points).sum(axis=0) + turn @ spin.sum(axis=0), g_points.sum(axis=0)])
