"""Seen: which points of surfaces some photo shows from about the side and the distance that a view shows them from.

A splat is opaque where no photo ever looked, too; only what photos saw from about there looks right.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runtime.coverage.lens import Lens
from runtime.splat.jit import inlined, kernel

DEPTH_PX = 160
"""Width of the depth pictures by which it is judged whether something stands before a point."""
BEHIND, BEFORE = 0.1, 0.3
"""Shares of its depth by which a point may lie behind and before the surface that a photo shows there, or in one of the eight
pixels around it: the expected depth of a trained splat is off by a few per cent. What is further behind is hidden, what is
further before is something that photos look through."""
FEWEST = 3
"""So many photos must look towards a place where they see a surface before it, before it counts as behind that."""

type View = tuple[np.ndarray, np.ndarray, np.ndarray]  # rgb [H, W, 3], z-depth [H, W] (inf: nothing), alpha [H, W]
type Render = Callable[[np.ndarray, Lens], View]


@dataclass(frozen=True)
class Limits:
    """What counts as seen."""

    within_deg: float = 30.0  # most degrees between the rays of view and photo to a point
    coarser: float = 2.0  # how many times as large the photo's pixel may be on the surface as the view's


@dataclass(frozen=True)
class Shots:
    """F pinhole pictures of a scene, and how far they look: the splat's depth from their poses. Lengths in scene units."""

    c2w: np.ndarray  # [F, 4, 4] float64
    lenses: Sequence[Lens]
    depth: np.ndarray  # [F, h, w] float32, the upper left of each filled; inf where nothing is, 0 where a mask hides the photo
    grid: np.ndarray  # [F, 2] columns and rows of `depth` that are filled

    @classmethod
    def rendered(cls, c2w: np.ndarray, lenses: Sequence[Lens], render: Render, masks: Sequence[Path | None] = ()) -> "Shots":
        """Render the depth of each; pixels where the PNG of a mask is not 255 show nothing."""
        small = [lens.narrowed(DEPTH_PX) for lens in lenses]
        grid = np.array([(lens.width, lens.height) for lens in small], np.int64).reshape(-1, 2)
        columns, rows = grid.max(0, initial=1)
        depth = np.zeros((len(lenses), rows, columns), np.float32)
        for f, (pose, lens) in enumerate(zip(c2w, small, strict=True)):
            view = render(pose, lens)[1]
            if masks and (mask := masks[f]) is not None:
                view = np.where(_mask(mask, lens), view, np.float32(0))
            depth[f, : lens.height, : lens.width] = view
        return cls(np.asarray(c2w, np.float64).reshape(-1, 4, 4), lenses, depth, grid)

    def __len__(self) -> int:
        return len(self.lenses)

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """World to camera [F, 3, 4], centres [F, 3], pinholes [F, 6] (fx, fy, cx, cy, width, height), depth, grid."""
        pinholes = [(x.K[0, 0], x.K[1, 1], x.K[0, 2], x.K[1, 2], x.width, x.height) for x in self.lenses]
        w2c = np.ascontiguousarray(np.linalg.inv(self.c2w)[:, :3])
        return w2c, self.c2w[:, :3, 3].copy(), np.array(pinholes, float).reshape(-1, 6), self.depth, self.grid

    def show(self, points: np.ndarray) -> np.ndarray:
        """Whether each shows each of the points [N, 3]: in the picture, and on the surface that it sees there; [F, N]."""
        out = np.zeros((len(self), len(points)), np.bool_)
        _show(np.ascontiguousarray(points, np.float64), *self.arrays, out)
        return out

    def behind(self, points: np.ndarray) -> np.ndarray:
        """Whether points [N, 3] lie behind the surface in all the pictures that look there, of which there are some."""
        w2c, _, pinholes, depth, grid = self.arrays
        out = np.zeros(len(points), np.bool_)
        _behind(np.ascontiguousarray(points, np.float64), w2c, pinholes, depth, grid, out)
        return out

    def seen(self, points: np.ndarray, eye: np.ndarray, pixel: np.ndarray, limits: Limits) -> np.ndarray:
        """Whether one of them shows the points [N, 3] as a view from `eye` [3] does, whose pixels are `pixel` [N] wide there."""
        out = np.zeros(len(points), np.bool_)
        ends = float(np.cos(np.radians(limits.within_deg))), limits.coarser
        points, pixel = np.ascontiguousarray(points, np.float64), np.ascontiguousarray(pixel, np.float64)
        _seen(points, np.asarray(eye, np.float64), pixel, *self.arrays, *ends, out)
        return out


def photographed(capture: Path, render: Render) -> Shots | None:
    """The photos of a capture that a splat may learn from (none that is held out); None where it has no photos."""
    said = json.loads((capture / "cameras.json").read_text())
    frames = [frame for frame in said["frames"] if not frame["held_out"]]
    if not frames:
        return None
    lenses = [Lens.from_json(said["cameras"][frame["camera"]]) for frame in frames]
    masks = [capture / frame["mask"] if frame.get("mask") else None for frame in frames]
    return Shots.rendered(np.array([frame["c2w"] for frame in frames], float), lenses, render, masks)


def back_projected(depth: np.ndarray, c2w: np.ndarray, lens: Lens, step: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The points that a view's z-depth [H, W] shows, of every `step`-th pixel along both axes.

    Returns:
        Which of those pixels show one [h, w], the points [N, 3] in the world, and how wide a pixel is there [N], scene units.
    """
    start = step // 2
    part = depth[start::step, start::step]
    shown = np.isfinite(part) & (part > 0)
    v, u = np.nonzero(shown)
    z = part[shown].astype(np.float64)
    ray = np.stack(
        [(u * step + start + 0.5 - lens.K[0, 2]) / lens.K[0, 0], (v * step + start + 0.5 - lens.K[1, 2]) / lens.K[1, 1]], 1
    )
    points = np.concatenate([ray * z[:, None], z[:, None]], 1) @ c2w[:3, :3].T + c2w[:3, 3]
    return shown, points, z / lens.K[0, 0]


def seen_pixels(
    shots: Shots, depth: np.ndarray, c2w: np.ndarray, lens: Lens, limits: Limits, step: int = 1, finer: float = 1.0
) -> np.ndarray:
    """Whether photos saw what each `step`-th pixel of a view shows [h, w]; what shows nothing was not seen. `finer` is how
    many times as wide as `depth` the picture is that it stands for."""
    shown, points, pixel = back_projected(depth, c2w, lens, step)
    shown[shown] = shots.seen(points, c2w[:3, 3], pixel / finer, limits)
    return shown


def _mask(path: Path, lens: Lens) -> np.ndarray:
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture.convert("L").resize((lens.width, lens.height), Image.Resampling.NEAREST)) == 255


@inlined
def _look(x, y, z, f, w2c, pinholes, depth, grid):
    """The z-depth of a point, and the column and row of `depth` that it falls on; 0 for what is not in picture f."""
    cz = w2c[f, 2, 0] * x + w2c[f, 2, 1] * y + w2c[f, 2, 2] * z + w2c[f, 2, 3]
    if cz <= 0:
        return 0.0, 0, 0
    u = pinholes[f, 0] * (w2c[f, 0, 0] * x + w2c[f, 0, 1] * y + w2c[f, 0, 2] * z + w2c[f, 0, 3]) / cz + pinholes[f, 2]
    v = pinholes[f, 1] * (w2c[f, 1, 0] * x + w2c[f, 1, 1] * y + w2c[f, 1, 2] * z + w2c[f, 1, 3]) / cz + pinholes[f, 3]
    if not (0 <= u < pinholes[f, 4] and 0 <= v < pinholes[f, 5]):
        return 0.0, 0, 0
    column, row = int(u * grid[f, 0] / pinholes[f, 4]), int(v * grid[f, 1] / pinholes[f, 5])
    return (cz if depth[f, row, column] > 0 else 0.0), column, row


@inlined
def _shown_z(x, y, z, f, w2c, pinholes, depth, grid):
    """The z-depth of a point in picture f; 0 when f does not show it. In front of the surfaces around there is as wrong as
    behind them: what photos look through was not seen."""
    cz, column, row = _look(x, y, z, f, w2c, pinholes, depth, grid)
    if cz == 0:
        return 0.0
    near, far = np.inf, 0.0
    for i in range(max(row - 1, 0), min(row + 2, grid[f, 1])):
        for j in range(max(column - 1, 0), min(column + 2, grid[f, 0])):
            near, far = min(near, depth[f, i, j]), max(far, depth[f, i, j])
    return cz if near * (1 - BEFORE) <= cz <= far * (1 + BEHIND) else 0.0


@kernel
def _show(points, w2c, eyes, pinholes, depth, grid, out):
    for f in range(len(eyes)):
        for n in range(len(points)):
            out[f, n] = _shown_z(points[n, 0], points[n, 1], points[n, 2], f, w2c, pinholes, depth, grid) > 0


@kernel
def _behind(points, w2c, pinholes, depth, grid, out):
    for n in range(len(points)):
        looked, free = 0, 0
        for f in range(len(w2c)):
            cz, column, row = _look(points[n, 0], points[n, 1], points[n, 2], f, w2c, pinholes, depth, grid)
            looked += cz > 0
            free += cz > 0 and cz <= depth[f, row, column] * (1 + BEHIND)
        out[n] = looked >= FEWEST and free == 0


@kernel
def _seen(points, eye, pixel, w2c, eyes, pinholes, depth, grid, cosine, coarser, out):
    for n in range(len(points)):
        x, y, z = points[n, 0], points[n, 1], points[n, 2]
        a, b, c = x - eye[0], y - eye[1], z - eye[2]
        away = np.sqrt(a * a + b * b + c * c)
        for f in range(len(eyes)):
            p, q, r = x - eyes[f, 0], y - eyes[f, 1], z - eyes[f, 2]
            if a * p + b * q + c * r < cosine * away * np.sqrt(p * p + q * q + r * r):
                continue
            cz = _shown_z(x, y, z, f, w2c, pinholes, depth, grid)
            if 0 < cz <= coarser * pixel[n] * pinholes[f, 0]:
                out[n] = True
                break
