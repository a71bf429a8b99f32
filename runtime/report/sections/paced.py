"""Paced synthetic samples: what each round admitted, what the world model foretells and whether that goes with a gain, real
control
steps to where the baseline ends, and the referees' list."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from runtime.report.drawing import Rows
from runtime.report.forms.paced import Asked, PacedForm, PacedRow, Relation, Saved
from runtime.report.forms.report import Report
from runtime.report.study import Study
from runtime.stats.curves.efficiency import Efficiency, efficiency
from runtime.stats.table.outcomes import Trials
from runtime.stats.transfer.agreement import pearson
from runtime.store.manifest import parent_of, read_manifest

HORIZONS = (1, 4, 8, 16)
RELATED = ("gain_psnr_8", "gain_ssim_8", "tip_mm_8", "twin_object_mm_8", "twin_contact_f1_8")
ARMS = ("all-admitted", "demo-only-world", "hallucinating", "random-admitted", "schedule-only", "selection-only")
SEEDS = 5
"""Training seeds that are asked for."""


@dataclass(frozen=True)
class Run:
    """One run of an approach: what was recorded of its last round."""

    location: str
    task: str
    approach: str
    seed: int
    policy: dict[str, Any]
    site: dict[str, Any]
    world: dict[str, Any]
    budget: int  # control steps at the place so far, as planned
    outcomes: dict[str, float]  # initial state -> outcome, 0..1

    @property
    def success(self) -> float:
        """Percent."""
        return 100 * float(np.mean(list(self.outcomes.values()))) if self.outcomes else float("nan")


def paced(study: Study) -> PacedForm | None:
    """What there is to say of policies that learned at their place; None where none did."""
    runs = list(_runs(study))
    if not runs:
        return None
    groups: dict[tuple[str, str, str], list[Run]] = defaultdict(list)
    for run in runs:
        groups[run.task, run.location, run.approach].append(run)
    return {
        "horizons": HORIZONS,
        "rows": [_row(found) for found in groups.values()],
        "relations": _relations(runs, study.frame.baseline),
        "saved": _saved(runs, study),
        "asked": _asked(runs, study),
    }


def _runs(study: Study) -> list[Run]:
    trials, found = Trials.of(study.table), []
    for cell, folder in zip(study.cells, study.artifacts.trials, strict=True):
        policy = parent_of(folder, "policy")
        if policy is None or (made := read_manifest(policy))["stage"] != "paced" or (site := parent_of(policy, "site")) is None:
            continue
        world, there = parent_of(policy, "world"), read_manifest(site)
        outcomes = trials.outcomes.get((cell.approach, cell.domain), {}).get((cell.location, cell.task), {}).get(cell.seed, {})
        found.append(
            Run(
                cell.location,
                cell.task,
                cell.approach,
                cell.seed,
                made["metrics"],
                there["metrics"],
                read_manifest(world)["metrics"] if world else {},
                int(there["params"]["control_steps"]) * int(there["metrics"]["round"]),
                outcomes,
            )
        )
    return found


def _row(runs: list[Run]) -> PacedRow:
    def mean(of: str, name: str, times: float = 1.0) -> float | None:
        values = [getattr(run, of).get(name) for run in runs]
        known = [value for value in values if value is not None]
        return round(times * float(np.mean(known)), 4) if known else None

    def ahead(name: str) -> list[float | None]:
        return [mean("world", f"{name}_{h}") for h in HORIZONS]

    tried = [run.success for run in runs if run.outcomes]
    return {
        "approach": runs[0].approach,
        "task": runs[0].task,
        "location": runs[0].location,
        "round": int(runs[0].policy["round"]),
        "runs": len(runs),
        "real_steps": mean("policy", "real_steps") or 0.0,
        "success": round(float(np.mean(tried)), 2) if tried else None,
        "explored": mean("site", "success_rate", 100),
        "admitted": mean("policy", "admitted_mean") if runs[0].world else None,
        "rho_first": mean("policy", "rho_first") if runs[0].world else None,
        "rho_last": mean("policy", "rho_last") if runs[0].world else None,
        "away_rad": mean("policy", "away_rad"),
        "psnr": ahead("psnr"),
        "psnr_gain": ahead("gain_psnr"),
        "ssim": ahead("ssim"),
        "tip_mm": ahead("tip_mm"),
        "object_mm": ahead("twin_object_mm"),
        "contact_f1": ahead("twin_contact_f1"),
    }


def _relations(runs: list[Run], baseline: str | None) -> list[Relation]:
    base = {(run.task, run.location, run.seed): run.success for run in runs if run.approach == baseline}
    found: list[Relation] = []
    for metric in RELATED:
        pairs = [
            (float(run.world[metric]), run.success - base[key])
            for run in runs
            if metric in run.world
            and run.outcomes
            and (key := (run.task, run.location, run.seed)) in base
            and "~round-" not in run.approach
        ]
        if len(pairs) < 3:
            continue
        r = float(pearson(*np.array(pairs).T))
        found.append({"metric": metric, "pearson": None if np.isnan(r) else round(r, 3), "runs": len(pairs)})
    return found


def _saved(runs: list[Run], study: Study) -> list[Saved]:
    """Efficiency as of learning curves, whose amounts are real control steps as planned."""
    curves: dict[str, dict[str, dict]] = defaultdict(lambda: defaultdict(lambda: defaultdict(lambda: defaultdict(dict))))
    for run in runs:
        if run.outcomes:
            family = run.approach.partition("~round-")[0]
            curves[run.task][family][run.location, run.task][run.seed][run.budget] = run.outcomes
    found: list[Saved] = []
    for task, families in curves.items():
        base = families.get(study.frame.baseline or "")
        for approach, ours in families.items():
            several = all(len(curve) > 1 for seeds in ours.values() for curve in seeds.values())
            if base is None or approach == study.frame.baseline or not several:
                continue
            at = float(max(amount for seeds in base.values() for curve in seeds.values() for amount in curve))
            said = efficiency(ours, base, study.frame.level)
            row: Saved = {
                "approach": approach,
                "task": task,
                "at": at,
                "value": None,
                "kind": None,
                "band": (None, None),
                "reason": "",
            }
            if isinstance(said, Efficiency):
                ends = tuple(None if end is None else round(end, 3) for end in (said.low, said.high))
                row |= {"value": round(said.value, 3), "kind": said.kind, "band": (ends[0], ends[1]), "reason": said.reason}
            else:
                row["reason"] = said
            found.append(row)
    return found


def _asked(runs: list[Run], study: Study) -> list[Asked]:
    """The referees' list of the published work, as this study fills it."""
    frame, evidence = study.frame, study.evidence
    seeds = {len({run.seed for run in runs if run.approach == approach}) for approach in {run.approach for run in runs}}
    arms = {name.partition("~")[2] for name in frame.approaches}
    missing = [arm for arm in ARMS if arm not in arms]
    each = {len(run.outcomes) for run in runs}
    invalid = sum(int(row["invalid"]) for row in evidence["invalid"])
    measured = sorted({name.rsplit("_", 1)[0] for run in runs for name in run.world if name.startswith(("twin_", "tip_mm"))})
    verdicts = ", ".join(f"{claim['id']}: {claim['verdict']}" for claim in study.claims)
    places = f"{len(frame.locations)} places, {len(frame.tasks)} tasks"
    rows = [
        ("training seeds", f"{min(seeds)} an arm", min(seeds) >= SEEDS),
        (
            "protocol",
            f"{places}, {' or '.join(map(str, sorted(each)))} trials a run from the same initial states",
            len(each) == 1,
        ),
        ("named baselines", f"{frame.baseline}, among {', '.join(frame.approaches)}", frame.baseline is not None),
        ("statistical tests", f"bands at {100 * frame.level:g}% over training runs; {verdicts or 'no claims'}", bool(verdicts)),
        ("exclusions", f"trials whose physics blew up: {invalid}; nothing else is left out", True),
        ("equation of the pacing", "docs/paced-samples.md, Formulas", True),
        (
            "ablation of the pacing",
            f"without {', '.join(missing)}" if missing else f"{len(ARMS)} arms and {frame.baseline}",
            not missing,
        ),
        ("errors of state and touch beside pictures", ", ".join(measured) or "none measured", bool(measured)),
    ]
    return [{"item": item, "said": said, "met": met} for item, said, met in rows]


def rows(said: Report) -> Rows:
    """A row for each round."""
    if said["paced"] is None:
        return []
    lists = ("psnr", "psnr_gain", "ssim", "tip_mm", "object_mm", "contact_f1")
    return [
        {name: value for name, value in row.items() if name not in lists}
        | {f"{name}_{h}": value for name in lists for h, value in zip(HORIZONS, row[name], strict=True)}
        for row in said["paced"]["rows"]
    ]
