"""What demos that are carried along with their objects bring (row H): success over the number of them, against two controls.

    OMP_NUM_THREADS=1 python -m benchmarks.mimic STORE [--tasks press-button push-to-zone pick-place] [--source 10]
        [--added 40 160] [--arms copied carried scripted] [--sites 411 412 413 414] [--seeds 1] [--trials 40] [--json FILE]

Arms: `source`, demos of the source alone; `copied-N`, with N copies of them; `carried-N`, with N that `expand_demos` made;
`scripted-N`, as many that the expert made. All are trained with the task's own recipe, so with the same gradient steps, and
tried in the twin and at the hidden site (gap medium) from the same states. Rows tell success in % by arm: its mean over
runs, their standard deviation, and the difference to `source` with its 95% band (t over sites and seeds, paired). What is in
STORE already is not made again.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.recipe import Cell, cpu_s, site
from benchmarks.scenes import table, task_spec
from benchmarks.splat_quality import metrics
from runtime.build.testing import run_stage

DOMAINS = ("twin", "irl_proxy")
MADE = ["copied", "carried", "scripted"]
"""How demos are added to the source's."""


def cells(task_name: str, options: argparse.Namespace) -> Iterator[Cell]:
    """Each site, seed, arm and domain."""
    store, (task, stages) = options.store, task_spec(task_name)

    def make(stage: str, params: dict[str, Any], inputs: dict[str, Any]) -> Path:
        return run_stage(stage, stages.get(stage, {}) | params, inputs, store)

    drawn = make("conditions", {"task": task, "states": options.trials, "gap": ["medium"], "trial_seed": 7}, {})
    for number in options.sites:
        capture = make("capture", {"source": site(number)}, {})
        twin = make("twin", {"task": task}, {"capture": capture, "scene": make("splat", {}, {"capture": capture})})
        source = make("demos", {"scripted_tries": 0, "episodes": options.source}, {"twin": twin})
        arms: dict[str, Path] = {"source": source}
        for n in options.added:
            for method in options.arms:
                if method == "scripted":
                    demos = make("demos", {"scripted_tries": 0, "episodes": options.source + n}, {"twin": twin})
                else:
                    demos = make("expand_demos", {"episodes": n, "method": method}, {"demos": source, "twin": twin})
                arms[f"{method}-{n}"] = demos
        for seed in range(options.seeds):
            for arm, demos in arms.items():
                policy = make("policy", {"seed": seed}, {"demos": demos})
                known = {"task": task_name, "arm": arm, "site": number, "seed": seed}
                if arm.startswith("carried"):
                    known |= {"generation_rate": metrics(demos)["generation_rate"]}
                    known |= {"cpu_s_per_demo": cpu_s(demos) / metrics(demos)["episodes"]}
                for domain in DOMAINS:
                    judged = {"domain": domain, "trials": options.trials, "twice": 0}
                    judged |= {"site": site(number)} if domain == "irl_proxy" else {}
                    tried = make("evaluate", judged, {"policy": policy, "twin": twin, "conditions": drawn})
                    yield known | {"domain": domain, "rate": 100 * metrics(tried)["success_rate"]}


def rows(found: list[Cell]) -> list[tuple[str, ...]]:
    """A row for each task, domain and arm."""
    shown: list[tuple[str, ...]] = [
        ("task, domain", "arm", "runs", "mean %", "sd", "over source", "generated of tried", "CPU-s a demo")
    ]
    of: dict[tuple[str, str], dict[str, dict[tuple[int, int], Cell]]] = defaultdict(lambda: defaultdict(dict))
    for cell in found:
        of[cell["task"], cell["domain"]][cell["arm"]][cell["site"], cell["seed"]] = cell
    for (task, domain), arms in of.items():
        for arm, runs in arms.items():
            rates = np.array([run["rate"] for run in runs.values()])
            gain = np.array([run["rate"] - arms["source"][key]["rate"] for key, run in runs.items()])
            half = stats.t.ppf(0.975, len(gain) - 1) * gain.std(ddof=1) / len(gain) ** 0.5 if len(gain) > 1 else np.inf
            over = "" if arm == "source" else f"{gain.mean():+.1f} [{gain.mean() - half:+.1f}, {gain.mean() + half:+.1f}]"
            made = [
                f"{np.mean([r[key] for r in runs.values()]):.2f}"
                for key in ("generation_rate", "cpu_s_per_demo")
                if "carried" in arm
            ]
            sd = f"{rates.std(ddof=1):.1f}" if len(rates) > 1 else ""
            shown.append((f"{task}, {domain}", arm, str(len(rates)), f"{rates.mean():.1f}", sd, over, *(made or ["", ""])))
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--tasks", nargs="+", default=["press-button", "push-to-zone", "pick-place"])
    parser.add_argument("--source", type=int, default=10)
    parser.add_argument("--added", type=int, nargs="+", default=[40, 160])
    parser.add_argument("--arms", nargs="+", default=MADE, choices=MADE)
    parser.add_argument("--sites", type=int, nargs="+", default=[411, 412, 413, 414])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found: list[Cell] = []
    for task in options.tasks:
        for cell in cells(task, options):
            found.append(cell)
            print(json.dumps(cell), flush=True)
            if options.json:
                options.json.write_text(json.dumps(found, indent=1) + "\n")
    table(rows(found))


if __name__ == "__main__":
    main()
