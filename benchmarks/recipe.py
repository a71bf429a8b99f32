"""How well and how evenly recipes train policies, at hidden sites made for it: none of a study's.

    OMP_NUM_THREADS=1 python -m benchmarks.recipe STORE [--task press-button] [--sites 301 302 303] [--seeds 8] [--trials 40]
        [--gaps medium] [--arms baseline aligned practice more-steps expert-drives] [--set STAGE.NAME=VALUE ...] [--json FILE]

TASK is a file in specs/tasks. What is in STORE already is not made again, so a run that was stopped goes on, and `--json`
tells each cell as soon as it is there. Sites 301 to 303 are for tuning, 411 to 414 for measuring; odd ones are workshops,
even ones kitchens.

An arm says which policy is tried, and through what: `baseline`; `aligned`, the same policies through the transform `align`;
`practice` and its two controls, trained on from the same policies. Rows tell the success of each seed in %, its mean, its
standard deviation and that without the binomial noise of so many trials; how many runs collapsed (success under half of the
site's median) and how many are unfinished (held-out loss over 1.2 times the site's median, as the gate `training-finished`
has it); and the CPU time to train one.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scenes import table, task_spec
from benchmarks.splat_quality import metrics
from runtime.build.testing import run_stage

Arms = dict[str, tuple[str, dict[str, Any]] | None]
ARMS: Arms = {
    "baseline": None,
    "aligned": None,
    "practice": ("practice", {}),
    "more-steps": ("practice", {"episodes": 0}),
    "expert-drives": ("practice", {"driver": "expert"}),
}
"""Stage that an arm's policies went through, if any, and its parameters."""
COLLAPSED, UNFINISHED = 0.5, 1.2
Cell = dict[str, Any]
Inputs = dict[str, Path | list[Path]]


def site(seed: int) -> dict[str, Any]:
    """A hidden site of no study."""
    return {"kind": "hidden_site", "seed": seed, "style": "workshop" if seed % 2 else "kitchen"}


def spread(rates: list[float], trials: int) -> tuple[float, float]:
    """Variance of rates in points, and that without the binomial noise of so many trials each; it may be below 0."""
    of = np.array(rates)
    variance = float(of.var(ddof=1)) if len(of) > 1 else 0.0
    return variance, variance - float(np.mean(of * (100 - of) / max(1, trials - 1)))


def cells(options: argparse.Namespace, arms: Arms) -> Iterator[Cell]:
    """Each arm, gap, seed and site, made where it is not there; those that share parents follow each other."""
    store, trials = options.store, options.trials
    task, stages = task_spec(options.task)
    changes: dict[str, dict[str, Any]] = defaultdict(dict, stages)
    for change in options.set:
        name, value = change.split("=", 1)
        stage, key = name.split(".", 1)
        changes[stage][key] = json.loads(value)

    def make(stage: str, params: dict[str, Any], inputs: Inputs) -> Path:
        return run_stage(stage, changes[stage] | params, inputs, store)

    drawn = {gap: make("conditions", {"task": task, "states": trials, "gap": [gap], "trial_seed": 7}, {}) for gap in options.gaps}
    for number in options.sites:
        capture = make("capture", {"source": site(number)}, {})
        scene = make("splat", {}, {"capture": capture})
        twin = make("twin", {"task": task}, {"capture": capture, "scene": scene})
        demos = make("demos", {"scripted_tries": 0}, {"twin": twin})
        for seed in range(options.seeds):
            policy = make("policy", {"seed": seed}, {"demos": demos})
            for arm in options.arms:
                drill, made = arms[arm], policy
                if drill is not None:
                    before: Inputs = {"policy": policy, "demos": demos, "twin": twin, "scene": scene}
                    made = make(drill[0], {"seed": seed} | drill[1], before)
                seen: Inputs = {"transform": make("align", {}, {"twin": twin})} if arm == "aligned" else {}
                known = {"task": options.task, "arm": arm, "site": number, "seed": seed, "trials": trials}
                loss = metrics(made)["held_out_loss"]
                known |= {"held_out_loss": float("nan") if loss is None else loss, "cpu_s": sum(cpu_s(x) for x in {policy, made})}
                known |= {name: metrics(made).get(name) for name in options.tell}
                for gap, conditions in drawn.items():
                    judged = {"domain": "irl_proxy", "trials": trials, "twice": 0, "site": site(number)}
                    tried = make("evaluate", judged, {"policy": made, "twin": twin, "conditions": conditions, **seen})
                    yield known | {"gap": gap, "rate": 100 * metrics(tried)["success_rate"]}


def cpu_s(artifact: Path) -> float:
    """CPU seconds that a stage spent on an artifact."""
    return json.loads((artifact / "manifest.json").read_text())["cost"]["cpu_s"]


def rows(found: list[Cell]) -> list[tuple[str, ...]]:
    """A row for each arm, gap and site, and one for each arm and gap over its sites."""
    shown: list[tuple[str, ...]] = [
        (
            "task, gap",
            "arm",
            "site",
            "success of each seed, %",
            "mean",
            "sd",
            "without noise",
            "collapsed",
            "unfinished",
            "CPU-s a run",
        )
    ]
    arms: dict[tuple[str, ...], dict[int, list[Cell]]] = defaultdict(lambda: defaultdict(list))
    for cell in found:
        arms[f"{cell['task']}, {cell['gap']}", cell["arm"]][cell["site"]].append(cell)
    for name, sites in arms.items():
        parts, lost, late, means = [], 0, 0, []
        for number, runs in sites.items():
            rates, losses = [r["rate"] for r in runs], [r["held_out_loss"] for r in runs]
            parts.append(spread(rates, runs[0]["trials"]))
            means.append(float(np.mean(rates)))
            gone = sum(rate < COLLAPSED * np.median(rates) for rate in rates)
            slow = sum(loss > UNFINISHED * np.median(losses) for loss in losses)
            lost, late = lost + gone, late + slow
            told = " ".join(f"{rate:.0f}" for rate in rates)
            shown.append((*name, str(number), told, *_figures(means[-1:], parts[-1:]), str(gone), str(slow), _cpu(runs)))
        runs = [run for each in sites.values() for run in each]
        shown.append((*name, "all", f"{len(runs)} runs", *_figures(means, parts), str(lost), str(late), _cpu(runs)))
    return shown


def _figures(means: list[float], parts: list[tuple[float, float]]) -> tuple[str, str, str]:
    whole, clean = (max(0.0, float(np.mean(each))) ** 0.5 for each in zip(*parts, strict=True))
    return f"{np.mean(means):.1f}", f"{whole:.1f}", f"{clean:.1f}"


def _cpu(runs: list[Cell]) -> str:
    return f"{np.median([run['cpu_s'] for run in runs]):.1f}"


def told(cells: Iterable[Cell], rows: Callable[[list[Cell]], list[tuple[str, ...]]], path: Path | None) -> None:
    """Tell each cell as soon as it is there, in a file too if there is a path, and at last the rows of all."""
    found = []
    for cell in cells:
        found.append(cell)
        print(json.dumps(cell), flush=True)
        if path:
            path.write_text(json.dumps(found, indent=1) + "\n")
    table(rows(found))


def main(doc: str = __doc__ or "", arms: Arms = ARMS, rows: Callable[[list[Cell]], list[tuple[str, ...]]] = rows) -> None:
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--task", default="press-button")
    parser.add_argument("--sites", type=int, nargs="+", default=[301, 302, 303])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--gaps", nargs="+", default=["medium"])
    parser.add_argument("--arms", nargs="+", default=["baseline"], choices=list(arms))
    parser.add_argument("--set", nargs="*", default=[], help="parameters of stages, such as policy.steps=1200")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--tell", nargs="*", default=[], help="metrics of an arm's last stage that a cell tells, too")
    options = parser.parse_args()
    told(cells(options, arms), rows, options.json)


if __name__ == "__main__":
    main()
