"""How near its clone the off-policy learner of `paced` has to stay: real rollouts alone, two rounds.

    python -m benchmarks.paced_learner STORE [--sites 301 302] [--seeds 5] [--anchors 0.02 0.1 0.5 1.0]

A row for each site, seed and weight of the anchor: success of the clone and after two rounds, in 40 trials at the hidden
site (gap medium, `press-button`); and what each weight gains on its clone, mean and standard deviation over runs.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.recipe import site
from benchmarks.scenes import task_spec
from runtime.build.testing import run_stage
from runtime.store.manifest import read_manifest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--sites", type=int, nargs="+", default=[301, 302])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--anchors", type=float, nargs="+", default=[0.02, 0.1, 0.5, 1.0])
    args = parser.parse_args()
    task, stages = task_spec("press-button")

    def make(stage: str, params: dict, inputs: dict) -> Path:
        return run_stage(stage, stages.get(stage, {}) | params, inputs, args.store)

    conditions = make("conditions", {"task": task, "states": 40, "gap": ["medium"], "trial_seed": 7}, {})
    gains: dict[float, list[float]] = {anchor: [] for anchor in args.anchors}
    for number in args.sites:
        place, where = site(number), {"site": site(number)}
        capture = make("capture", {"source": place}, {})
        scene = make("splat", {}, {"capture": capture})
        twin = make("twin", {"task": task}, {"capture": capture, "scene": scene})
        demos = make("demos", {"scripted_tries": 0}, {"twin": twin})

        def success(policy: Path, twin: Path = twin, where: dict = where) -> float:
            trials = {"domain": "irl_proxy", "trials": 40, "twice": 0} | where
            made = make("evaluate", trials, {"policy": policy, "twin": twin, "conditions": conditions})
            return 100 * read_manifest(made)["metrics"]["success_rate"]

        for seed in range(args.seeds):
            clone = make("policy", {"seed": seed}, {"demos": demos})
            start = success(clone)
            for anchor in args.anchors:
                before: dict[str, Path] = {}
                policy = clone
                for _ in range(2):
                    past = {"policy_before": policy, "before": before["site"]} if before else {}
                    there = make("site_rollouts", where | {"seed": seed}, {"policy": clone, "twin": twin, **past})
                    inputs = {"policy": clone, "demos": demos, "site": there, "twin": twin}
                    past = {"before": policy} if before else {}
                    policy = make("paced", {"seed": seed, "admit": "none", "anchor": anchor}, inputs | past)
                    before = {"site": there}
                reached = success(policy)
                gains[anchor].append(reached - start)
                print(f"{number} seed {seed} anchor {anchor:g}: {start:.0f} -> {reached:.0f}", flush=True)
    for anchor, found in gains.items():
        print(f"anchor {anchor:g}: {np.mean(found):+.1f}, sd {np.std(found, ddof=1):.1f}, {len(found)} runs")


if __name__ == "__main__":
    main()
