"""How well and how evenly a recipe trains policies, at hidden sites made for tuning: none of a study's.

    OMP_NUM_THREADS=1 python -m benchmarks.recipe STORE [--sites 301 302 303 304] [--seeds 8] [--trials 40] [--gap medium]
        [--set NAME=VALUE ...] [--aligned] [--practice]

Builds in STORE what is not there: the site's capture, splat, twin and demos, and a policy for each seed (`--set` overrides
parameters of the stage `policy`, such as `places_weight=0`). `--aligned` tries the same policies through `align`, `--practice`
those that practised. Prints the success of each seed at the site, their mean, their standard deviation, and that without the
noise of so many trials (binomial); and the loss on held-out demos. Odd sites are workshops, even ones kitchens.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scenes import table
from benchmarks.splat_quality import metrics
from runtime.build.testing import run_stage

TASK = {"kind": "press_button", "instruction": "press the red button", "horizon_s": 4.0}
Inputs = dict[str, Path | list[Path]]


def site(seed: int) -> dict[str, Any]:
    """A hidden site for tuning."""
    return {"kind": "hidden_site", "seed": seed, "style": "workshop" if seed % 2 else "kitchen"}


def spread(rates: np.ndarray, trials: int) -> tuple[float, float, float]:
    """Mean of rates in points, their standard deviation, and that without the binomial noise of so many trials each."""
    noise = float(np.mean(rates * (100 - rates) / trials))
    variance = float(rates.var(ddof=1)) if len(rates) > 1 else 0.0
    return float(rates.mean()), variance**0.5, max(0.0, variance - noise) ** 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--sites", type=int, nargs="+", default=[301, 302, 303, 304])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--gap", default="medium")
    parser.add_argument("--set", nargs="*", default=[], help="parameters of the stage `policy`")
    parser.add_argument("--aligned", action="store_true")
    parser.add_argument("--practice", action="store_true")
    options = parser.parse_args()
    changes = {name: json.loads(value) for name, value in (change.split("=", 1) for change in options.set)}
    store, rows = options.store, [("site", "success of each seed, %", "mean", "sd", "without noise", "held-out loss")]
    drawn = {"task": TASK, "states": options.trials, "gap": [options.gap], "trial_seed": 7}
    conditions = run_stage("conditions", drawn, {}, store)
    for number in options.sites:
        capture = run_stage("capture", {"source": site(number)}, {}, store)
        scene = run_stage("splat", {}, {"capture": capture}, store)
        twin = run_stage("twin", {"task": TASK}, {"capture": capture, "scene": scene}, store)
        demos = run_stage("demos", {"scripted_tries": 0}, {"twin": twin}, store)
        seen: Inputs = {"transform": run_stage("align", {}, {"twin": twin}, store)} if options.aligned else {}
        rates, losses = [], []
        for seed in range(options.seeds):
            policy = run_stage("policy", changes | {"seed": seed}, {"demos": demos}, store)
            if options.practice:
                inputs: Inputs = {"policy": policy, "demos": demos, "twin": twin, "scene": scene}
                policy = run_stage("practice", {"seed": seed}, inputs, store)
            judged = {"domain": "irl_proxy", "trials": options.trials, "twice": 0, "site": site(number)}
            tried = run_stage("evaluate", judged, {"policy": policy, "twin": twin, "conditions": conditions, **seen}, store)
            rates.append(100 * metrics(tried)["success_rate"])
            losses.append(metrics(policy)["held_out_loss"])
        mean, sd, clean = spread(np.array(rates), options.trials)
        shown = " ".join(f"{rate:.0f}" for rate in rates), f"{mean:.1f}", f"{sd:.1f}", f"{clean:.1f}"
        rows.append((str(number), *shown, f"{min(losses):.3f} to {max(losses):.3f}"))
        print(*rows[-1], flush=True)
    table(rows)


if __name__ == "__main__":
    main()
