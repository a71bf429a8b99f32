"""Scale and up of real captures by markers, gravity and GPS, and how far they scatter.

    OMP_NUM_THREADS=1 python -m benchmarks.measured_scale [buddha] [lund-street] [--data DIR]

`buddha` has poses: four times without every fourth photo (fewer show its markers too seldom). `lund-street` has none: its
poses are estimated with four seeds (over six CPU-minutes). Printed: mean, standard deviation, least and most of metres per unit,
its standard error as it is stated, the angle of up from what the cameras alone suggest, and the distance of cameras from GPS.
The unit of `lund-street` is arbitrary for each seed: there it is the mean distance of cameras that follow one another.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import yaml

from benchmarks.scenes import table
from benchmarks.splat_quality import ROOT
from runtime.bound.source import Photos
from runtime.capture.posed import PosedPhotos
from runtime.capture.read_posed import read_posed
from runtime.capture.scale import upright
from runtime.capture.take import Matching, _estimate, _offered
from runtime.capture.world_up import estimate_up

RUNS = 4


def _angle_deg(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(a @ b, -1, 1))))


def measured(source: Photos, posed: PosedPhotos) -> dict[str, float]:
    """What is said of one set of posed photos."""
    up, scale = upright(source, posed)
    eyes = posed.c2w[:, :3, 3]
    unit = float(np.linalg.norm(np.diff(eyes, axis=0), axis=1).mean()) if source.poses == "none" else 1.0
    name = "metres between neighbours" if source.poses == "none" else "metres per unit"
    found = {"photos": float(len(eyes)), name: (scale.m_per_unit or np.nan) * unit}
    found |= {"stated error, %": 100 * (scale.relative_error or 0)}
    found |= {f"up by {scale.up_from} from the cameras', degrees": _angle_deg(up, estimate_up(posed.c2w))}
    return found | scale.metrics


def runs(name: str, data: Path) -> list[dict[str, float]]:
    """The four measurements of a location of `specs/`."""
    said = yaml.safe_load((ROOT / "specs" / "locations" / f"{name}.yaml").read_text())
    source, folder = Photos.model_validate(said["source"]), data / "captures" / said["source"]["path"]
    if source.poses != "none":
        posed = read_posed(source, folder)
        count = len(posed.paths)
        return [measured(source, posed.some([i for i in range(count) if i % RUNS != k])) for k in range(RUNS)]
    changes: dict[str, Any] = said.get("stages", {}).get("capture", {})
    width, most = changes.get("feature_width_px", 640), changes.get("max_features", 3000)
    source = source.model_copy(update={"scale": Photos.model_validate(said["source"] | {"scale": {"kind": "gps"}}).scale})
    found = []
    for seed in range(RUNS):
        with TemporaryDirectory() as work:
            offered = _offered(source, folder, width, Path(work), lambda share, note: None)
            posed, _ = _estimate(source, folder, offered, Matching(width, most, 10, 0.6, seed))
            found.append(measured(source, posed))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("locations", nargs="*", default=["buddha", "lund-street"])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="holds captures/")
    options = parser.parse_args()
    rows = [("location", "what", "mean", "sd", "least", "most")]
    for name in options.locations:
        found = runs(name, options.data)
        for what in found[0]:
            values = np.array([one[what] for one in found])
            rows.append((name, what, *(f"{v:.4g}" for v in (values.mean(), values.std(ddof=1), values.min(), values.max()))))
    table(rows)


if __name__ == "__main__":
    main()
