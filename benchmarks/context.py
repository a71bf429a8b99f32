"""What context is worth at sites of no study: how well held-out photos are foretold, and what policies make of it.

    OMP_NUM_THREADS=1 python -m benchmarks.context STORE [--sites 421 422 423 424] [--frames 4] [--policies] [--trials 40]
        [--json FILE]

Of each site: PSNR of held-out photos by the splat alone, with the photos that were found for each, with as many of chance, and
with those of another view; `gain` is the band of own over another's. With `--policies` the rows A, B and C of the decision
matrix and their controls are trained and tried at the hidden site as well (one seed for each site: four sites are four seeds),
which takes some 25 CPU-minutes. What is in STORE is not made again.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.recipe import site
from benchmarks.scenes import table, task_spec
from benchmarks.splat_quality import metrics
from runtime.build.testing import run_stage

DENSE: dict[str, Any] = {"spread": True}
ARMS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "baseline": ({}, {}, "none"),
    "enriched": ({}, {}, "no"),
    "A": ({"redraws": 4}, {"n_obs_steps": 4}, "no"),
    "A, history shuffled": ({"redraws": 4}, {"n_obs_steps": 4, "history": "shuffled"}, "no"),
    "A, gates off": ({"failing": "kept"}, {"n_obs_steps": 4}, "no"),
    "B": (DENSE, {}, "no"),
    "C": ({}, {}, "nearest"),
    "C, of chance": ({}, {}, "random"),
}
"""Parameters of `enrichment` and `policy`, and where context comes from; `none` is without enrichment."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--sites", type=int, nargs="+", default=[421, 422, 423, 424])
    parser.add_argument("--frames", type=int, default=4)
    parser.add_argument("--policies", action="store_true")
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    task, _ = task_spec("press-button")
    found: list[dict[str, Any]] = []

    def make(stage: str, params: dict[str, Any], inputs: dict[str, Path]) -> Path:
        return run_stage(stage, params, inputs, options.store)

    for seed, number in enumerate(options.sites):
        capture = make("capture", {"source": site(number)}, {})
        scene = make("splat", {}, {"capture": capture})
        clips = make("coverage", {"next_photos": 0}, {"capture": capture, "scene": scene})
        twin = make("twin", {"task": task}, {"capture": capture, "scene": scene})
        index = make("index", {}, {"capture": capture, "clips": clips})
        views = {"capture": capture, "scene": scene, "index": index, "twin": twin}
        context = {how: make("context", {"frames": options.frames, "retrieval": how}, views) for how in ("nearest", "random")}
        own, chance = (metrics(context[how]) for how in ("nearest", "random"))
        cell: dict[str, Any] = {"site": number, **{k: v for k, v in own.items() if "db" in k or "psnr" in k}}
        cell["psnr_chance"] = chance["psnr_context"]
        if options.policies:
            demos = make("demos", {"scripted_tries": 0}, {"twin": twin})
            conditions = make("conditions", {"task": task, "states": options.trials, "trial_seed": 7, "gap": ["medium"]}, {})
            for arm, (drawn, trained, source) in ARMS.items():
                given = {"demos": demos, "twin": twin, "scene": scene}
                given |= {"context": context[source]} if source in context else {}
                learned = demos if source == "none" else make("enrichment", drawn, given)
                policy = make("policy", {"seed": seed, **trained}, {"demos": learned})
                judged = {"policy": policy, "twin": twin, "conditions": conditions}
                params = {"domain": "irl_proxy", "trials": options.trials, "twice": 0, "site": site(number)}
                cell[arm] = 100 * metrics(make("evaluate", params, judged))["success_rate"]
        found.append(cell)
        print(json.dumps(cell), flush=True)
        if options.json:
            options.json.write_text(json.dumps(found, indent=1) + "\n")
    rows = [("figure", "sites", "mean", "sd")]
    for name in (key for key in found[0] if key not in ("site", "used")):
        values = np.array([cell[name] for cell in found], float)
        spread = np.std(values, ddof=1) if len(values) > 1 else 0.0
        rows.append((name, " ".join(f"{v:.3g}" for v in values), f"{values.mean():.2f}", f"{spread:.2f}"))
    table(rows)


if __name__ == "__main__":
    main()
