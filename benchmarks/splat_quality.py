"""Quality of splats of the locations in `specs/`: mean and spread over seeds of what is measured on held-out photos.

    OMP_NUM_THREADS=1 python -m benchmarks.splat_quality [LOCATION ...] [--seeds 0 1 2 3] [--set NAME=VALUE ...] [--pictures DIR]

Each location is captured once, as its spec says, and trained once per seed with its settings of the stage `splat`, of which
`--set` overrides some (`--set photo_width_px=342`). Real photos are read from `--data`, by default the folder `shared/data`
beside the checkout. `--pictures` keeps `LOCATION.jpg` of the first seed: photo, render with gain and offset matched, and four
times their difference, for up to three held-out photos.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from benchmarks.scenes import table
from runtime.backends.renderer_numba import NumbaRenderer
from runtime.build.testing import run_stage
from runtime.splat.exposure import matched
from runtime.splat.held_out import render_view
from runtime.splat.photos import load_photos
from runtime.splat.ply import read_ply

ROOT = Path(__file__).resolve().parents[1]
FIGURES = (
    ("psnr", "PSNR, dB", 1, 2),
    ("psnr_matched", "the same, gain and offset matched", 1, 2),
    ("ssim", "SSIM", 1, 3),
    ("depth_rel_err", "depth error, %", 100, 2),
    ("gaussians", "Gaussians", 1, 0),
    ("iterations", "iterations", 1, 0),
    ("seconds", "training, CPU-s", 1, 0),
)
SHOWN, WIDEST_PX = 3, 1020


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("locations", nargs="*", default=["buddha"], help="names of files in specs/locations")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3])
    parser.add_argument("--set", nargs="*", default=[], help="settings of the stage `splat`")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="holds captures/")
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    changes = dict(change.split("=", 1) for change in options.set)
    rows = [("location", "measured on held-out photos", f"mean of seeds {options.seeds}, least to most")]
    for location in options.locations:
        with tempfile.TemporaryDirectory() as folder:
            _, splats = trained(location, options.seeds, changes, options.data, Path(folder), options.pictures)
            seeds = [metrics(splat) for splat in splats]
        for name, title, factor, digits in FIGURES:
            values = [factor * one[name] for one in seeds if one[name] is not None]
            if values:
                spread = f"{np.mean(values):.{digits}f}  ({min(values):.{digits}f} to {max(values):.{digits}f})"
                rows.append((location, title, spread))
    table(rows)


def metrics(artifact: Path) -> dict[str, Any]:
    """What the stage said of an artifact."""
    return json.loads((artifact / "manifest.json").read_text())["metrics"]


def trained(
    location: str, seeds: list[int], changes: dict[str, str], data: Path, store: Path, pictures: Path | None = None
) -> tuple[Path, list[Path]]:
    """The capture of a location and a splat of it for each seed; says the metrics of each on a line as soon as it is there."""
    spec = yaml.safe_load((ROOT / "specs" / "locations" / f"{location}.yaml").read_text())
    source, stages = spec["source"], spec.get("stages", {})
    path = data / source["root"] / source["path"] if "path" in source else None
    capture = run_stage("capture", {"source": source, **stages.get("capture", {})}, {}, store, source_dir=path)
    splats = []
    for seed in seeds:
        params = stages.get("splat", {}) | changes | {"seed": seed}
        splats.append(run_stage("splat", params, {"capture": capture}, store))
        print(location, json.dumps({"seed": seed} | metrics(splats[-1])), flush=True)
        if pictures and len(splats) == 1:
            width_px = json.loads((splats[0] / "manifest.json").read_text())["params"]["photo_width_px"]
            _picture(capture, splats[0], width_px, pictures / f"{location}.jpg")
    return capture, splats


def _picture(capture: Path, splat: Path, width_px: int, path: Path) -> None:
    photos, gaussians, rows = load_photos(capture, width_px), read_ply(splat / "splat.ply"), []
    held_out = np.flatnonzero(photos.held_out)
    for index in held_out[np.linspace(0, len(held_out) - 1, min(SHOWN, len(held_out))).astype(int)]:
        photo = photos.images[index]
        render = matched(render_view(NumbaRenderer(), gaussians, photos, int(index))[0], photo)
        error = np.repeat(np.abs(render - photo).mean(axis=2, keepdims=True), 3, axis=2)
        rows.append(np.concatenate([photo, render, np.clip(4 * error, 0, 1)], axis=1))
    sheet = Image.fromarray(np.round(255 * np.concatenate(rows)).astype(np.uint8))
    if sheet.width > WIDEST_PX:
        sheet = sheet.resize((WIDEST_PX, round(sheet.height * WIDEST_PX / sheet.width)), Image.Resampling.HAMMING)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, quality=60)


if __name__ == "__main__":
    main()
