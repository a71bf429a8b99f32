"""How well world models foretell, and tell policies apart, at hidden sites made for it: none of a study's.

    OMP_NUM_THREADS=1 python -m benchmarks.world_model STORE [--task press-button] [--sites 411 412 413 414] [--seeds 1]
        [--attempts 60 120] [--policies 0] [--trials 40] [--attack] [--set STAGE.NAME=VALUE ...] [--json FILE]

A prior is trained once (with `--priors` once for each seed) on sites 501 to 504, and fine-tuned at each site, on so many
`--attempts` of each of the former and of the site; rollouts of other starts, none of which it was trained on, are foretold.
Sites 301 to 303 are for tuning, 411 to 414 for measuring; site K of the list takes seeds from K on, so four sites and one seed
are four runs of four seeds. With `--policies N` so many policies, stopped early or not and of several seeds, are tried in the
model and in the twin: Pearson and MMRV of their success. With `--attack` a policy climbs the model's success head by
gradients: what it gains there, and what in the twin.
What is in STORE is not made again.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.recipe import Cell, Inputs, cpu_s, site, told
from benchmarks.scenes import task_spec
from benchmarks.splat_quality import metrics
from runtime.build.testing import run_stage
from runtime.stats.transfer.agreement import mmrv, pearson

PRIOR_SITES = (501, 502, 503, 504)
SHARES = (0, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1)
"""Of the task's gradient steps, how many policies are given, in turn."""
ATTACKED = 1 / 8
"""Share of the task's gradient steps of the policy that climbs the success head: it must have room."""
HORIZONS = (1, 4, 8, 16)
STATES = {
    "tip_mm": "tip, mm",
    "object_mm": "objects, mm",
    "turn_deg": "turns, deg",
    "contact_f1": "F1 of touch",
    "force_n": "force in touch, N",
    "force_share": "force in touch, share",
}
HELD_OUT = 100
"""Rollouts that are foretold."""


def cells(options: argparse.Namespace) -> Iterator[Cell]:
    """One for each site and seed."""
    task, stages = task_spec(options.task)
    changes: dict[str, dict[str, Any]] = defaultdict(dict, stages)
    for change in options.set:
        name, value = change.split("=", 1)
        stage, key = name.split(".", 1)
        changes[stage][key] = json.loads(value)
    whole = changes["policy"].pop("steps", 800)
    changes["rollouts"].pop("episodes", None)  # `--attempts` says so

    def make(stage: str, params: dict[str, Any], inputs: Inputs) -> Path:
        return run_stage(stage, params | changes[stage], inputs, options.store)

    def twin_at(number: int) -> Path:
        capture = make("capture", {"source": site(number)}, {})
        scene = make("splat", {}, {"capture": capture})
        return make("twin", {"task": task}, {"capture": capture, "scene": scene})

    elsewhere, (others, its) = [twin_at(number) for number in PRIOR_SITES], options.attempts
    tried = [
        make("rollouts", {"episodes": others, "rollout_seed": n}, {"twin": t})
        for n, t in zip(PRIOR_SITES, elsewhere, strict=True)
    ]
    for k, number in enumerate(options.sites):
        twin = twin_at(number)
        own = make("rollouts", {"episodes": its + HELD_OUT, "rollout_seed": number}, {"twin": twin})
        for seed in range(k, k + options.seeds):
            prior = make(
                "world_prior", {"world_seed": seed if options.priors else 0}, {"twins": list(elsewhere), "rollouts": list(tried)}
            )
            params = {"world_seed": seed, "held_out": HELD_OUT, "windows": 400}
            world = make("world_model", params, {"twin": twin, "rollouts": own, "prior": prior})
            cell = {"task": options.task, "site": number, "seed": seed, "cpu_s": cpu_s(world) + cpu_s(own), **metrics(world)}
            if options.attack:
                cell |= attacked(make, twin, world, task, seed, options.trials, round(whole * ATTACKED))
            if options.policies:
                cell |= told_apart(make, twin, world, task, options.policies, options.trials, whole)
            yield cell


def told_apart(make: Any, twin: Path, world: Path, task: dict[str, Any], count: int, trials: int, whole: int) -> Cell:
    """Success of policies in the model, by its mean probability, and in the twin."""
    demos = make("demos", {"scripted_tries": 0}, {"twin": twin})
    conditions = make("conditions", {"task": task, "states": trials, "trial_seed": 7}, {})
    rates = []
    for i in range(count):
        params = {"seed": i // len(SHARES), "steps": round(whole * SHARES[i % len(SHARES)])}
        policy = make("policy", params, {"demos": demos})
        judged: Inputs = {"policy": policy, "twin": twin, "conditions": conditions}
        inside = make("imagined_trials", {"domain": "world_model", "trials": trials, "twice": 0}, judged | {"world": world})
        outside = make("evaluate", {"domain": "twin", "trials": trials, "twice": 0}, judged)
        rates.append((metrics(inside)["mean_probability"], metrics(outside)["success_rate"]))
    imagined, true = np.array(rates).T
    found = {"pearson": float(pearson(imagined, true)), "mmrv_points": 100 * float(mmrv(imagined, true))}
    return {"imagined": imagined.tolist(), "twin": true.tolist(), **found}


def attacked(make: Any, twin: Path, world: Path, task: dict[str, Any], seed: int, trials: int, steps: int) -> Cell:
    """Success in the model and in the twin of a policy that climbs the model's success head, before and after."""
    demos = make("demos", {"scripted_tries": 0}, {"twin": twin})
    conditions = make("conditions", {"task": task, "states": trials, "trial_seed": 7}, {})
    before = make("policy", {"seed": seed, "steps": steps}, {"demos": demos})
    after = make("exploit", {"seed": seed}, {"policy": before, "demos": demos, "world": world, "twin": twin})
    found = []
    for policy in (before, after):
        judged: Inputs = {"policy": policy, "twin": twin, "conditions": conditions}
        inside = make("imagined_trials", {"domain": "world_model", "trials": trials, "twice": 0}, judged | {"world": world})
        outside = make("evaluate", {"domain": "twin", "trials": trials, "twice": 0}, judged)
        found.append((100 * metrics(inside)["mean_probability"], 100 * metrics(outside)["success_rate"]))
    (imagined, true), (climbed, fell) = found
    gap = {"exploitation": (climbed - imagined) - (fell - true), "attack_cpu_s": cpu_s(after)}
    return {"attack_imagined": [imagined, climbed], "attack_twin": [true, fell], **gap}


def rows(found: list[Cell]) -> list[tuple[str, ...]]:
    """What is asked for, what was measured in each run, mean and standard deviation, whether the mean keeps it."""
    said = [("figure", "asked", "runs", "mean", "sd", "kept")]

    def add(name: str, asked: str, values: list[float], least: float | None = None, most: float | None = None) -> None:
        of, spread = np.array(values), np.std(values, ddof=1) if len(values) > 1 else 0.0
        kept = (least is None or of.mean() >= least) and (most is None or of.mean() <= most)
        runs, verdict = " ".join(f"{v:.3g}" for v in values), "" if least is None and most is None else "yes" if kept else "no"
        said.append((name, asked, runs, f"{of.mean():.3f}", f"{spread:.3f}", verdict))

    for h in HORIZONS:
        margin = 0.5 if h == 1 else 3.5
        add(f"PSNR over copy, {h}", f">= {margin} dB", [c[f"psnr_model_{h}"] - c[f"psnr_copy_{h}"] for c in found], margin)
        for other in ("still", "shuffled"):
            for where in ("psnr", "front"):
                values = [c[f"{where}_model_{h}"] - c[f"{where}_{other}_{h}"] for c in found]
                add(f"{where} over {other}, {h}", ">= 2 dB" if h > 1 else "", values, 2.0 if h > 1 else None)
        add(f"front PSNR, {h}", "", [c[f"front_model_{h}"] for c in found])
        most = {"tip_mm": {4: 6.0, 16: 15.0}.get(h), "object_mm": 3.0}
        for name, words in STATES.items():
            for of in ("", "_copy", "_still", "_shuffled"):
                values = [c[f"{name}{of}_{h}"] for c in found if f"{name}{of}_{h}" in c]
                bound = None if of else most.get(name)
                if values:
                    add(f"{words}{of.replace('_', ' of ')}, {h}", f"<= {bound:g}" if bound else "", values, most=bound)
        for name in ("tip", "object"):
            add(f"{name} within 1.5 sd said, {h}", "", [c[f"{name}_inside_{h}"] for c in found])
            add(f"{name} error over sd said, {h}", "", [c[f"{name}_sd_ratio_{h}"] for c in found])
    add("AUC of success", ">= 0.95", [c["auc"] for c in found], 0.95)
    add("Brier score of success", "", [c["brier"] for c in found])
    add("calibration error of success", "", [c["ece"] for c in found])
    add("expert's success in the model, %", "", [100 * c["scripted_successes"] / c["scripted_tries"] for c in found])
    add("CPU-s a location", "<= 480", [c["cpu_s"] for c in found], most=480)
    add("decoded frames a CPU-s", ">= 3000", [c["frames_per_cpu_s"] for c in found], 3000)
    if all("exploitation" in c for c in found):
        for name in ("attack_imagined", "attack_twin"):
            for i, when in enumerate(("before", "after")):
                add(f"{name}, {when}", "", [c[name][i] for c in found])
        add("exploitation, points", "", [c["exploitation"] for c in found])
    if all("pearson" in c for c in found):
        add("Pearson over policies", ">= 0.85", [c["pearson"] for c in found], 0.85)
        add("MMRV over policies", "<= 5 points", [c["mmrv_points"] for c in found], most=5)
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--task", default="press-button")
    parser.add_argument("--sites", type=int, nargs="+", default=[411, 412, 413, 414])
    parser.add_argument("--seeds", type=int, default=1, help="of each site")
    parser.add_argument("--priors", action="store_true", help="a prior of its own for each seed, not one for all")
    parser.add_argument("--attempts", type=int, nargs=2, default=[60, 120], help="of each site of the prior, and of a site")
    parser.add_argument("--policies", type=int, default=0)
    parser.add_argument("--attack", action="store_true", help="climb the success head, 40 steps (stage `exploit`)")
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--set", nargs="*", default=[], help="parameters of stages, such as world_model.steps=300")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    told(cells(options), rows, options.json)


if __name__ == "__main__":
    main()
