"""One table of what is measured of the locations in `specs/`: splat, surfaces, scale, coverage and twin.

    OMP_NUM_THREADS=1 python -m benchmarks.sites STORE [LOCATION ...] [--seeds 0 1 2 3] [--set NAME=VALUE ...] [--task TASK]

Builds in STORE what is not there: a capture, then for each seed a splat with the settings of the location (`--set` overrides
some), its coverage and its twin. Prints mean and least to most over the seeds; `-` is what cannot be measured there. The surface
error is the median distance (point to plane) of rendered depth from the true surfaces of a hidden site, over the pixels of its
held-out photos; of a real place the truth is not known.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmarks.scenes import table, task_spec
from benchmarks.splat_quality import ROOT, metrics, trained
from runtime.backends.renderer_numba import NumbaRenderer
from runtime.bound.source import HiddenSite
from runtime.build.testing import run_stage
from runtime.problem import InputError
from runtime.sim.parts.mj import mujoco
from runtime.sim.parts.solid import SITE_GROUP, add_solids
from runtime.sim.pixels.raycast import cast
from runtime.sim.site.place import hidden_place
from runtime.splat.held_out import render_view
from runtime.splat.photos import load_photos
from runtime.splat.ply import read_ply

FIGURES = (
    ("psnr", "PSNR, dB", 1, 2),
    ("psnr_matched", "the same, gain and offset matched", 1, 2),
    ("ssim", "SSIM", 1, 3),
    ("depth_rel_err", "depth error, %", 100, 2),
    ("surface_mm", "surface error, mm", 1, 1),
    ("scale_m_per_unit", "metres per unit", 1, 4),
    ("scale_rel_error", "its relative error, %", 100, 2),
    ("seen_fraction", "seen fraction", 1, 3),
    ("reprojection_px", "overlay of captured points, px", 1, 2),
    ("shift_px", "overlay of patches, px", 1, 2),
    ("seconds", "training, CPU-s", 1, 0),
)


def surface_mm(capture: Path, splat: Path, site: HiddenSite, width_px: int) -> float:
    """Median distance in mm of what the splat shows in held-out photos from the planes of the true surfaces there."""
    place, photos, gaussians = hidden_place(site), load_photos(capture, width_px), read_ply(splat / "splat.ply")
    spec = mujoco.MjSpec()
    add_solids(spec, place.solids, SITE_GROUP, friction=1.0)
    model = spec.compile()
    data, to_site, apart = mujoco.MjData(model), np.linalg.inv(place.world_from_site), []
    mujoco.mj_kinematics(model, data)
    for index in map(int, np.flatnonzero(photos.held_out)):
        _, depth = render_view(NumbaRenderer(), gaussians, photos, index)
        pose, (v, u) = to_site @ photos.c2w[index], np.indices(depth.shape)
        pixels = np.stack((u + 0.5, v + 0.5, np.ones_like(u)), -1).reshape(-1, 3)
        rays = pixels @ np.linalg.inv(photos.K[index]).T @ pose[:3, :3].T  # of z-depth 1
        hits = cast(model, data, pose[:3, 3], rays, (SITE_GROUP,))
        both = (hits.geom >= 0) & np.isfinite(depth.ravel())
        slope = np.abs((rays[both] * hits.normal[both]).sum(axis=1))
        apart.append(np.abs(depth.ravel()[both] - hits.range[both]) * slope)
    return 1000 * float(np.median(np.concatenate(apart)))


def measured(capture: Path, splat: Path, source: dict[str, Any], task: dict[str, Any], store: Path) -> dict[str, Any]:
    """All figures of one splat, None where there is none."""
    told = json.loads((capture / "cameras.json").read_text())
    found = metrics(splat) | {name: told.get(name) for name in ("scale_m_per_unit", "scale_rel_error")}
    if source["kind"] == "hidden_site":
        width_px = json.loads((splat / "manifest.json").read_text())["params"]["photo_width_px"]
        found["surface_mm"] = surface_mm(capture, splat, HiddenSite.model_validate(source), width_px)
    inputs: dict[str, Path | list[Path]] = {"capture": capture, "scene": splat}
    for stage, params in (("coverage", {"next_photos": 0}), ("twin", {"task": task})):
        try:
            said = metrics(run_stage(stage, params, inputs, store))
        except InputError as refused:
            print(stage, "refused:", refused, flush=True)
        else:
            found |= {"seen_fraction": said["seen_fraction"]} if stage == "coverage" else said["overlay"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument(
        "locations", nargs="*", default=["buddha", "lund-street", "playbot", "cellar-workbench", "atrium-counter"]
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3])
    parser.add_argument("--set", nargs="*", default=[], help="settings of the stage `splat`")
    parser.add_argument("--task", default="press-button", help="name of a file in specs/tasks, for the twin")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="holds captures/ and splats/")
    options = parser.parse_args()
    changes = dict(change.split("=", 1) for change in options.set)
    task, _ = task_spec(options.task)
    rows = [("location", "measured", f"mean of seeds {options.seeds}, least to most")]
    for location in options.locations:
        source = yaml.safe_load((ROOT / "specs" / "locations" / f"{location}.yaml").read_text())["source"]
        seeds = options.seeds if source["kind"] != "splat" else options.seeds[:1]
        capture, splats = trained(location, seeds, changes, options.data, options.store)
        found = [measured(capture, splat, source, task, options.store) for splat in splats]
        for name, title, factor, digits in FIGURES:
            values = [factor * one[name] for one in found if one.get(name) is not None]
            spread = f"  ({min(values):.{digits}f} to {max(values):.{digits}f})" if len(values) > 1 else ""
            rows.append((location, title, f"{np.mean(values):.{digits}f}{spread}" if values else "-"))
    table(rows)


if __name__ == "__main__":
    main()
