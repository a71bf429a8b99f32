"""The better of two policies: this round's, or the one that was kept so far."""

from pathlib import Path

from pydantic import Field

from runtime.contract import Contract
from runtime.out import Out
from runtime.stage import Params, Resources, by_unit, maybe, one, previous, stage


class Keep(Params):
    """What decides."""

    metric: str = Field("success_rate", min_length=1, json_schema_extra={"metric_of": "measured"})
    """Metric of the rehearsal; higher is better."""
    margin: float = Field(0.0, ge=0)
    """By how much, in the metric's unit, a round's policy may fall short of the best so far and still be taken."""


@stage(
    version=1,
    metrics=by_unit(count="round kept_round value best rolled_back"),
    kind="policy",
    per=("location", "task", "approach", "seed", "round"),
    needs={
        "policy": one("policy"),
        "measured": one("rehearsal"),
        "start": maybe("policy"),
        "before": previous("policy", "round", only_own=True),
    },
    makes={"checkpoint": "checkpoint/", "facts": "policy.json", "kept": "kept.json"},
    offers=lambda p, inputs: inputs.get("policy", Contract()),
    cost=lambda p: Resources(minutes=0.05),
)
def keep(p: Keep, policy: Path, measured: Path, start: Path | None, before: Path | None, out: Out) -> dict[str, float | int]:
    """Publish this round's policy, or roll back to the one kept before when that one did better in its rehearsal. In the first
    round that is the policy that rounds began from (`start`), where the rehearsal tried that, too.

    Raises:
        InputError: R317 when the rehearsal has no such metric.
    """
    import json
    import shutil

    from runtime.problem import InputError, Problem
    from runtime.store.manifest import read_manifest

    metrics = read_manifest(measured)["metrics"]
    if not isinstance(metrics.get(p.metric), int | float):
        known = ", ".join(sorted(name for name, value in metrics.items() if isinstance(value, int | float)))
        raise InputError(Problem("R317", f"the rehearsal has no metric `{p.metric}`", f"it has {known}", "stages.keep.metric"))
    value, first = float(metrics[p.metric]), float(metrics.get(f"start_{p.metric}", "-inf") if start else "-inf")
    past = read_manifest(before)["metrics"] if before else {"round": 0, "kept_round": 0, "best": first}
    this, best = int(past["round"]) + 1, before or start
    better = best is None or value + p.margin >= past["best"]
    chosen = policy if better or best is None else best
    shutil.copytree(chosen / "checkpoint", out.path("checkpoint"), dirs_exist_ok=True)
    shutil.copyfile(chosen / "policy.json", out.path("facts"))
    kept = {"round": this, "kept_round": this if better else int(past["kept_round"]), "value": value}
    kept["best"] = value if better else float(past["best"])
    kept["rolled_back"] = int(not better)
    out.path("kept").write_text(json.dumps(kept, indent=1) + "\n")
    out.contract(**read_manifest(chosen)["contract"])
    out.log(f"round {this}: {p.metric} {value:g}, kept is round {kept['kept_round']}")
    return kept
