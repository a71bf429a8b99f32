"""What people want left out of a twin: things to remove, and all that is outside a region."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from runtime.bound.region import Region
from runtime.bound.task import Area
from runtime.problem import InputError, Problem
from runtime.sim.pixels.camera import Camera
from runtime.sim.twin.twin import over_support

UNDER_M = 0.05
"""What is seen farther below the support is seen through it."""


@dataclass(frozen=True)
class Clearing:
    """Boxes in the support's frame: what is inside one of `remove` goes, and what is outside `keep_only`, if there is one."""

    remove: Sequence[Region] = ()
    keep_only: Region | None = None

    def __bool__(self) -> bool:
        return bool(self.remove) or self.keep_only is not None

    def goes(self, points: np.ndarray) -> np.ndarray:
        """Which points [N, 3] of the support's frame, metres, are to go: bool [N]."""
        gone = np.zeros(len(points), bool)
        for region in self.remove:
            gone |= inside(points, region)
        return gone if self.keep_only is None else gone | ~inside(points, self.keep_only)

    def check(self, means: np.ndarray) -> None:
        """Hold the boxes against the Gaussians [N, 3] of the support's frame, metres.

        Raises:
            InputError: R254 a box holds none of them.
        """
        boxes = {f"remove.{i}": region for i, region in enumerate(self.remove)}
        for key, region in (boxes | ({"keep_only": self.keep_only} if self.keep_only else {})).items():
            if not inside(means, region).any():
                low, high = (", ".join(f"{x:.2f}" for x in np.percentile(means, q, axis=0)) for q in (2, 98))
                message = f"the box at {list(region.center_m)} m holds nothing of the splat, which lies from ({low}) to ({high})"
                help = (
                    "boxes are in the support's frame: `inventory.json` of a twin without this one lists the things found there"
                )
                raise InputError(Problem("R254", message, help, key))


NOTHING = Clearing()


def inside(points: np.ndarray, region: Region) -> np.ndarray:
    """Which points [N, 3] of the support's frame lie in a region: bool [N]."""
    turn = np.radians(region.yaw_deg)
    out = np.array(((np.cos(turn), -np.sin(turn), 0), (np.sin(turn), np.cos(turn), 0), (0, 0, 1)))
    return np.all(np.abs((points - region.center_m) @ out) <= np.array(region.size_m) / 2, axis=1)


def emptied(before_m: np.ndarray, after_m: np.ndarray, camera: Camera, area: Area) -> np.ndarray:
    """Which pixels lost what they showed, by depth [H, W] before and after: nothing is there any more, or one looks through the
    support, of which no photo saw what things hid."""
    _, had, _ = over_support(before_m, camera, area)
    plane, has, _ = over_support(after_m, camera, area)
    through = np.isfinite(plane) & (has < -UNDER_M) & (had >= -UNDER_M)
    return np.isfinite(before_m) & (~np.isfinite(after_m) | through)


def before_and_after(path: Path, before: np.ndarray, after: np.ndarray, lost: np.ndarray) -> None:
    """Write two pictures [H, W, 3] in 0..1 side by side, and the latter with the pixels that became empty [H, W] in red."""
    told = np.where(lost[..., None], (0.9, 0.1, 0.1), after)
    Image.fromarray((np.concatenate((before, after, told), 1) * 255 + 0.5).clip(0, 255).astype(np.uint8)).save(path)
