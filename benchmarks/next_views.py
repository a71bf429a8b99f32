"""What views add: the next best, random ones, and as many of a circle, at four hidden sites.

How far candidates of the next best stand off was chosen on the same sites.

    OMP_NUM_THREADS=1 python -m benchmarks.next_views [--iterations N]

The figure is the share of pairs (surface cell over the support, direction) that photos saw and that the views show: mean and
spread over four sites; random views are drawn four times at each.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.scenes import table
from runtime.backend import load
from runtime.build.testing import run_stage
from runtime.coverage import paths
from runtime.coverage.frame import SceneFrame
from runtime.coverage.lens import Lens
from runtime.coverage.next_views import Workspace, covered, greedy
from runtime.coverage.plan import Scout
from runtime.coverage.seen import Limits, Shots, photographed
from runtime.splat.ply import read_ply

SITES = [(101, "workshop"), (102, "kitchen"), (103, "lab"), (104, "workshop")]
BUDGETS = (1, 2, 4, 8, 16, 24)


def curves(store: Path, seed: int, style: str, iterations: int) -> dict[str, list[float]]:
    """Share shown after each budget, by way of choosing."""
    capture = run_stage("capture", {"source": {"kind": "hidden_site", "seed": seed, "style": style}}, {}, store)
    splat = run_stage("splat", {"iterations": iterations, "preview_count": 0}, {"capture": capture}, store)
    gaussians, frame = read_ply(splat / "splat.ply"), SceneFrame.from_json(json.loads((splat / "scene.json").read_text()))
    renderer, lens = load("renderer", "numba")(), Lens.from_fov(160, 120, 55)

    def render(pose: np.ndarray, through: Lens) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return renderer.render(gaussians, pose, through.K, through.width, through.height)

    scout = Scout(frame, gaussians, render, lens, photographed(capture, render), Limits(), 0.05)
    space = Workspace.of(scout)
    could, total = space.could & space.seen, int(space.seen.sum())

    def share(views: np.ndarray) -> float:
        return float(views.any(0).sum() / total)

    found = {"next best": [share(could[greedy(could, budget).chosen]) for budget in BUDGETS]}
    draws = [np.random.default_rng([seed, k]).permutation(len(could)) for k in range(4)]
    found["random"] = [float(np.mean([share(could[draw[:budget]]) for draw in draws])) for budget in BUDGETS]
    found["circle"] = []
    for budget in BUDGETS:
        poses = frame.cameras(*paths.orbit(*paths.rings(frame, None, None)[0], 1.0).sampled(budget))
        shots = Shots.rendered(poses, [lens] * budget, render)
        found["circle"].append(share(covered(shots, space.cells, frame.rotation, 30) & space.seen))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--iterations", type=int, default=400)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = [curves(Path(folder), seed, style, options.iterations) for seed, style in SITES]
    rows = [("views", "next best %", "random %", "circle %")]
    for k, budget in enumerate(BUDGETS):
        cells = [np.array([site[way][k] for site in found]) for way in ("next best", "random", "circle")]
        best, random, circle = (f"{100 * c.mean():.1f} (sd {100 * c.std(ddof=1):.1f})" for c in cells)
        rows.append((str(budget), best, random, circle))
    table(rows)


if __name__ == "__main__":
    main()
