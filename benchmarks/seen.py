"""Is `seen_fraction` right? Held against the true surfaces of hidden sites, pixel by pixel of coverage's clips.

    OMP_NUM_THREADS=1 python -m benchmarks.seen [--sites SEED:STYLE ...] [--photos 40] [--iterations 400] [--arc DEGREES]

The oracle casts the ray of each pixel at the site's true solids, and asks of the point that it meets whether a photo (none that
is held out) has it in its picture, with nothing true between, from within 30 degrees, with pixels at most twice as large on it.
Ours knows the splat's depth alone. Printed are the shares that each counts as seen, and of the pixels that ours calls seen how
many are (precision), and of those that are how many ours finds (recall): mean and spread over the sites. *true depth* is our
method with the site's depth in place of the splat's: what is left there is the method's own error, the rest the splat's.
`--arc` leaves out photos whose azimuth round the support is beyond it, as of a capture from one side.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.scenes import table
from runtime.backend import load
from runtime.bound.source import HiddenSite
from runtime.build.testing import run_stage
from runtime.coverage.frame import SceneFrame
from runtime.coverage.lens import Lens
from runtime.coverage.plan import Scout
from runtime.coverage.seen import Limits, Shots, View, seen_pixels
from runtime.sim.parts.mj import mujoco
from runtime.sim.parts.solid import SITE_GROUP, add_solids
from runtime.sim.pixels.raycast import cast
from runtime.sim.site.place import hidden_place
from runtime.splat.ply import read_ply
from runtime.stages.coverage import Orbit, Task, Walk, _ways

SITES = ("211:workshop", "212:kitchen", "213:lab", "214:workshop")
CLIPS = (Orbit(kind="orbit"), Walk(kind="walk"), Task(kind="task"))
NEAR = 1e-3  # of a ray's length: what it meets so little before a point is the point's own surface


@dataclass(frozen=True)
class Truth:
    """A hidden site's solids, asked in the capture's coordinates."""

    model: mujoco.MjModel
    data: mujoco.MjData
    to_site: np.ndarray  # [4, 4]

    @classmethod
    def of(cls, site: HiddenSite) -> "Truth":
        """The solids of a site."""
        place, spec = hidden_place(site), mujoco.MjSpec()
        add_solids(spec, place.solids, SITE_GROUP, friction=1.0)
        model = spec.compile()
        data = mujoco.MjData(model)
        mujoco.mj_kinematics(model, data)
        return cls(model, data, np.linalg.inv(place.world_from_site))

    def reach(self, eye: np.ndarray, rays: np.ndarray) -> np.ndarray:
        """How far rays [N, 3] from `eye` go until they meet something, in their own lengths."""
        start = self.to_site[:3, :3] @ eye + self.to_site[:3, 3]
        return cast(self.model, self.data, start, rays @ self.to_site[:3, :3].T, (SITE_GROUP,)).range

    def render(self, pose: np.ndarray, lens: Lens) -> View:
        """True z-depth in place of a splat's."""
        v, u = np.mgrid[: lens.height, : lens.width] + 0.5
        rays = np.stack([u, v, np.ones_like(u)], -1).reshape(-1, 3) @ np.linalg.inv(lens.K).T @ pose[:3, :3].T
        depth = self.reach(pose[:3, 3], rays).reshape(u.shape).astype(np.float32)
        return np.zeros((*u.shape, 3), np.float32), depth, np.isfinite(depth).astype(np.float32)


def oracle(
    truth: Truth, c2w: np.ndarray, lenses: list[Lens], pose: np.ndarray, lens: Lens, limits: Limits
) -> tuple[np.ndarray, np.ndarray]:
    """Whether photos with poses [F, 4, 4] truly saw what each pixel of a view truly shows, and whether it lies in the picture of
    one from within the angle, hidden or not and however coarse: both [H, W]."""
    depth = truth.render(pose, lens)[1].astype(np.float64)
    there = np.isfinite(depth)
    v, u = (index[there] + 0.5 for index in np.indices(depth.shape))
    rays = np.stack([u, v, np.ones_like(u)], -1) @ np.linalg.inv(lens.K).T @ pose[:3, :3].T
    points = pose[:3, 3] + rays * depth[there][:, None]
    wide, found, faced = depth[there] / lens.K[0, 0], np.zeros(len(points), bool), np.zeros(len(points), bool)
    to_eye = (pose[:3, 3] - points) / np.linalg.norm(pose[:3, 3] - points, axis=1)[:, None]
    for photo, through in zip(c2w, lenses, strict=True):
        local = (points - photo[:3, 3]) @ photo[:3, :3]
        z = local[:, 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            at = local / z[:, None] @ through.K.T
        away = photo[:3, 3] - points
        apart = (away * to_eye).sum(1) / np.linalg.norm(away, axis=1)
        good = (z > 0) & (at[:, :2] >= 0).all(1) & (at[:, 0] < through.width) & (at[:, 1] < through.height)
        good &= apart >= np.cos(np.radians(limits.within_deg))
        faced |= good
        asked = np.flatnonzero(good & ~found & (z / through.K[0, 0] <= limits.coarser * wide))
        if len(asked):
            found[asked[truth.reach(photo[:3, 3], points[asked] - photo[:3, 3]) >= 1 - NEAR]] = True
    out = np.zeros((2, *depth.shape), bool)
    out[:, there] = found, faced
    return out[0], out[1]


def views(scout: Scout) -> Iterator[np.ndarray]:
    """Poses of the default clips, those of a full circle first, without keeping to what photos saw."""
    for path in CLIPS:
        asked, _ = _ways(scout, path, False)
        yield from scout.frame.cameras(*asked.sampled(12))


def site(seed: int, style: str, photos: int, iterations: int, arc: float, store: Path) -> dict[str, float]:
    """All figures of one site, as shares."""
    source = {"kind": "hidden_site", "seed": seed, "style": style, "photos": photos}
    capture = run_stage("capture", {"source": source}, {}, store)
    splat = run_stage("splat", {"iterations": iterations, "preview_count": 0}, {"capture": capture}, store)
    gaussians, frame = read_ply(splat / "splat.ply"), SceneFrame.from_json(json.loads((splat / "scene.json").read_text()))
    renderer, lens, limits = load("renderer", "numba")(), Lens.from_fov(160, 120, 55), Limits()
    truth = Truth.of(HiddenSite.model_validate(source))

    def render(pose: np.ndarray, through: Lens) -> View:
        return renderer.render(gaussians, pose, through.K, through.width, through.height)

    said = json.loads((capture / "cameras.json").read_text())
    frames = [one for one in said["frames"] if not one["held_out"]]
    c2w = np.array([one["c2w"] for one in frames])
    eyes = frame.to_support(c2w[:, :3, 3])
    kept = np.abs(np.degrees(np.arctan2(eyes[:, 1], eyes[:, 0]))) <= arc / 2
    c2w, lenses = c2w[kept], [Lens.from_json(said["cameras"][one["camera"]]) for one, k in zip(frames, kept, strict=True) if k]
    ours, exact = Shots.rendered(c2w, lenses, render), Shots.rendered(c2w, lenses, truth.render)
    scout = Scout(frame, gaussians, render, lens, None, limits, 0.05)
    counts: dict[str, list[np.ndarray]] = {"truth": [], "faced": [], "ours": [], "true depth": []}
    for pose in views(scout):
        for name, seen in zip(("truth", "faced"), oracle(truth, c2w, lenses, pose, lens, limits), strict=True):
            counts[name].append(seen)
        for name, shots, look in (("ours", ours, render), ("true depth", exact, truth.render)):
            counts[name].append(seen_pixels(shots, look(pose, lens)[1], pose, lens, limits))
    right, faced, *others = (np.stack(seen) for seen in counts.values())
    found = {"truly in a picture, hidden or not": float(faced.mean()), "truly seen": float(right.mean())}
    for name, mine in zip(("ours", "true depth"), others, strict=True):
        both = float((mine & right).sum())
        found |= {f"{name}: seen": float(mine.mean())}
        found |= {f"{name}: precision": both / float(mine.sum()), f"{name}: recall": both / float(right.sum())}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", nargs="+", default=SITES)
    parser.add_argument("--photos", type=int, default=40)
    parser.add_argument("--iterations", type=int, default=400)
    parser.add_argument("--arc", type=float, default=360)
    options = parser.parse_args()
    named = [(int(seed), style) for seed, _, style in (one.partition(":") for one in options.sites)]
    with tempfile.TemporaryDirectory() as folder:
        measure = partial(site, photos=options.photos, iterations=options.iterations, arc=options.arc, store=Path(folder))
        found = [measure(seed, style) for seed, style in named]
    rows = [("share", "mean", "sd", "least", "most")]
    for name in found[0]:
        values = np.array([one[name] for one in found])
        cells = (values.mean(), values.std(ddof=1) if len(values) > 1 else 0.0, values.min(), values.max())
        rows.append((name, *(f"{cell:.3f}" for cell in cells)))
    table(rows)


if __name__ == "__main__":
    main()
