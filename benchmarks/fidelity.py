"""How far a twin is from its hidden site under the same actions, before and after a few real episodes adjusted it.

python -m benchmarks.fidelity 411 412 413 414      # 66 CPU-seconds; docs/fidelity.md
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from runtime.bound.source import HiddenSite
from runtime.build.testing import run_stage
from runtime.store.manifest import read_manifest
from tests.runtime.sim.places import write_folders
from tests.runtime.stages.sim_chain import TASK, publish

FIGURES = ("joint_rmse_deg", "tip_error_mm", "ssim", "psnr_background_db")


def measured(seed: int, root: Path, gap: str, episodes: int) -> list[dict[str, float]]:
    """Metrics of `fidelity` (6 episodes that nobody fitted) of the twin of a site, before and after `align_twin`, and what was
    found."""
    site = HiddenSite(kind="hidden_site", seed=seed, style=("workshop", "kitchen", "lab")[seed % 3])
    store = root / "store"
    capture, scene = write_folders(site, root / "made", 24)
    made = publish(store, "capture", capture), publish(store, "splat", scene)
    twin = run_stage("twin", {"task": TASK.model_dump()}, {"capture": made[0], "scene": made[1]}, store)
    there = {"site": site.model_dump(), "gap": gap}
    aligned = run_stage("align_twin", {**there, "episodes": episodes}, {"twin": twin, "scene": made[1]}, store)
    found = [read_manifest(run_stage("fidelity", there, {"twin": one}, store))["metrics"] for one in (twin, aligned)]
    return [*found, read_manifest(aligned)["metrics"]]


def main() -> None:
    """A row for each site, then mean and spread."""
    parser = argparse.ArgumentParser()
    parser.add_argument("seeds", type=int, nargs="+")
    parser.add_argument("--gap", default="medium")
    parser.add_argument("--episodes", type=int, default=4)
    args = parser.parse_args()
    rows: dict[str, list[tuple[float, float]]] = {name: [] for name in FIGURES}
    began = time.process_time()
    for seed in args.seeds:
        with tempfile.TemporaryDirectory() as folder:
            before, after, found = measured(seed, Path(folder), args.gap, args.episodes)
        for name in FIGURES:
            rows[name].append((before[name], after[name]))
        said = ", ".join(f"{name} {before[name]:.3g} -> {after[name]:.3g}" for name in FIGURES)
        print(f"site {seed}: {said}; latency {found['latency_s']} s, lag {found['servo_time_constant_s']} s")
    for name, pairs in rows.items():
        columns = list(zip(*pairs, strict=True))
        spread = [f"{statistics.mean(c):.3g} ({min(c):.3g} to {max(c):.3g})" for c in columns]
        print(f"{name:<20} {spread[0]} -> {spread[1]}")
    print(f"{time.process_time() - began:.0f} CPU-seconds")


if __name__ == "__main__":
    main()
