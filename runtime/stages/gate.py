"""One gate of a study: passed, failed, undecided or not run."""

from pathlib import Path
from typing import Any

from runtime.out import Out
from runtime.spec.cell import Cell
from runtime.spec.frame import StudyFrame
from runtime.spec.gate import TRIAL_METRICS, GateRule
from runtime.stage import Params, Resources, bound, stage


class GateParams(Params):
    """The rule and the study that it belongs to."""

    rule: GateRule = bound("gate")
    """The rule."""
    study: StudyFrame = bound("study")
    """The study: its baseline and the level of its bands."""
    cells: list[Cell] = bound("cells")
    """The study's cells, in the order of policies and trials."""


@stage(
    version=4,
    per=("gate", "study"),
    needs={
        "uplift": "uplift", "captures": "capture*", "splats": "splat*", "twins": "twin*", "demos": "demos*",
        "policies": "policy*", "trials": "evaluate*",
    },
    makes={"gate": "gate.json"},
    cost=lambda p: Resources(minutes=0.05),
)  # fmt: skip
def gate(
    p: GateParams, uplift: Path, captures: list[Path], splats: list[Path], twins: list[Path], demos: list[Path],
    policies: list[Path], trials: list[Path], out: Out,
) -> dict[str, Any]:  # fmt: skip
    """Judge a metric's band against the rule. A failed gate is a result: the job itself succeeds."""
    import json

    rule = p.rule
    if rule.metric in TRIAL_METRICS:
        import pyarrow.parquet as pq

        from runtime.stats.trials import Trials
        from runtime.stats.verdict import of_trials

        table = Trials.of(pq.read_table(uplift / "trials.parquet"))
        shared = bool(json.loads((uplift / "uplift.json").read_text())["shared_training"])
        verdict = of_trials(rule, table, p.study.baseline, p.study.level, shared)
    else:
        from runtime.report.manifest import read_manifest
        from runtime.stats.verdict import of_metrics

        by_place = [{"location": location} for location in p.study.locations for _ in p.study.tasks]
        by_location = [{"location": location} for location in p.study.locations]
        by_cell = [cell.model_dump() for cell in p.cells]
        ports = (
            (captures, by_location), (splats, by_location), (twins, by_place), (demos, by_place), (policies, by_cell),
            (trials, by_cell), ([uplift], [{"location": p.study.id}]),
        )  # fmt: skip
        found: dict[Path, tuple[str, Any]] = {}
        for folders, names in ports:
            for folder, name in zip(folders, names, strict=True):
                manifest = read_manifest(folder)
                if manifest["stage"] == rule.stage and _concerns(rule, name):
                    found.setdefault(folder, (name["location"], manifest["metrics"]))
        verdict = of_metrics(rule, list(found.values()))
    out.path("gate").write_text(json.dumps(verdict, indent=1) + "\n")
    out.log(f"{verdict['status']}: {verdict['reason']}")
    return {"status": str(verdict["status"]), "value": verdict["value"], "n": verdict["n"]}


def _concerns(rule: GateRule, name: dict[str, Any]) -> bool:
    """Whether an artifact that goes by `name` is among those that the rule speaks of."""
    wanted = {"approach": rule.approach, "domain": rule.domain}
    return all(value is None or name.get(axis, value) == value for axis, value in wanted.items())
