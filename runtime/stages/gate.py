"""One gate of a study: passed, failed, undecided or not run."""

from pathlib import Path
from typing import Any

from runtime.bound.frame import StudyFrame
from runtime.bound.gate import TRIAL_METRICS, GateRule
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, every, load_stages, maybe, stage


class GateParams(Params):
    """The rule and the study that it belongs to."""

    rule: GateRule = bound("gate")
    """The rule."""
    study: StudyFrame = bound("study")
    """The study: its baseline and the level of its bands."""
    labels: list[str] = bound("judged", default_factory=list)
    """What each of the `judged` parents stands for: a location, or the study."""


@stage(
    version=14,
    metrics=by_unit(text="status", count="value n"),
    libraries=minor("numpy", "scipy") | exact("pyarrow"),
    role="gate",
    per=("gate", "study"),
    needs={"uplift": maybe("uplift"), "judged": every("any")},
    makes={"gate": "gate.json"},
    cost=lambda p: Resources(minutes=0.01),
)
def gate(p: GateParams, uplift: Path | None, judged: list[Path], out: Out) -> dict[str, Any]:
    """Judge a metric's band against the rule. A failed gate is a result: the job itself succeeds."""
    import json

    rule = p.rule
    if rule.metric in TRIAL_METRICS:
        import pyarrow.parquet as pq

        from runtime.stats.table.invalid import any_invalid, as_failures
        from runtime.stats.table.outcomes import Trials
        from runtime.stats.verdict.gate_verdict import of_trials

        assert uplift is not None
        table = pq.read_table(uplift / "trials.parquet")
        shared = bool(json.loads((uplift / "uplift.json").read_text())["shared_training"])
        planned = [(location, task) for location in p.study.locations for task in p.study.tasks]
        how = (p.study.baseline, p.study.level, shared, planned)
        verdict = of_trials(rule, Trials.of(table), *how)
        if any_invalid(table) and (other := of_trials(rule, Trials.of(as_failures(table)), *how))["status"] != verdict["status"]:
            verdict["reason"] += f"; with invalid trials as failures it would be {other['status']}"
    else:
        from runtime.stats.verdict.gate_verdict import of_metrics
        from runtime.store.manifest import read_manifest

        manifests = [(label, read_manifest(folder)) for label, folder in zip(p.labels, judged, strict=True)]
        # A batch of trials that was not needed any more holds none, and says nothing of any metric.
        there = [(label, found) for label, found in manifests if found["metrics"].get("n") != 0]
        verdict = of_metrics(
            rule, [(label, found["metrics"]) for label, found in there], [found for _, found in there], p.study.level
        )
        unit = load_stages()[str(rule.stage)].unit(rule.metric) or ""
        verdict["unit"] = "" if unit in ("count", "share", "text", "loss") or rule.of else unit
    out.path("gate").write_text(json.dumps(verdict, indent=1) + "\n")
    out.log(f"{verdict['status']}: {verdict['reason']}")
    return {"status": str(verdict["status"]), "value": verdict["value"], "n": verdict["n"]}
