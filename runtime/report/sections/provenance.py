"""Where the report's numbers come from: every artifact above it, what it cost, and how to make it again."""

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.report.drawing import Rows
from runtime.report.drawing.csv import columns
from runtime.report.forms.provenance import ArtifactRow, ProtocolRow, Provenance, RealData, StageRow
from runtime.report.forms.report import Report
from runtime.report.roles import Manifest
from runtime.report.study import Study

ORDER = "capture splat twin coverage demos enrichment policy conditions evaluate learning uplift gate claim report".split()
PLAYBOOK = {
    "1": "coverage",
    "2": "index context enrichment transfer continued_clips",
    "3": "rollouts world_prior world_model refine_world foresee",
    "4": """demos recorded_demos expand_demos splat_demos varied_demos policy world_policy state_policy latents practice recover
    self_rollouts grpo imagine judge mine remedy refine rehearse keep rl exploit align learning""",
    "4e": "evaluate imagined_trials benchmark_trials own_world",
}
"""Step of the playbook -> our stages: coverage, enrichment, world models, policies, and trials of what was trained. It takes the
place's splat as given, and counts no evidence."""
STEPS = {stage: step for step, stages in PLAYBOOK.items() for stage in stages.split()}


def provenance(study: Study) -> Provenance:
    """Stages and artifacts above the report, and how to make it again."""
    stages = _stages(study.manifests)
    return {
        "stages": stages,
        "artifacts": _artifacts(study.manifests),
        "protocols": _protocols(study),
        "real_data": _real_data(study.manifests),
        "unrecorded": list(study.unrecorded),
        "cpu_s": round(sum(row["cpu_s"] for row in stages), 1),
        "peak_mb": max((row["peak_mb"] for row in stages), default=0.0),
        "commands": _commands(study.frame.id),
    }


def _stages(manifests: Sequence[Manifest]) -> list[StageRow]:
    """One row per stage: versions, back ends, artifacts, CPU seconds (each artifact once) and highest memory."""
    rows: dict[str, StageRow] = {}
    for manifest in manifests:
        start: StageRow = {
            "stage": manifest["stage"],
            "step": STEPS.get(manifest["stage"], ""),
            "versions": [],
            "backends": [],
            "artifacts": 0,
            "cpu_s": 0.0,
            "peak_mb": 0.0,
        }
        row, chosen = rows.setdefault(manifest["stage"], start), manifest.get("backends", {}).values()
        row["versions"] = sorted({*row["versions"], manifest["version"]})
        row["backends"] = sorted({*row["backends"], *(f"{b['name']} {b['version']}" for b in chosen)})
        row["artifacts"] += 1
        row["cpu_s"] = round(row["cpu_s"] + manifest["cost"]["cpu_s"], 3)
        row["peak_mb"] = max(row["peak_mb"], manifest["cost"]["peak_mb"])
    return sorted(rows.values(), key=lambda row: _position(row["stage"]))


def _artifacts(manifests: Sequence[Manifest]) -> list[ArtifactRow]:
    """One row per artifact: address, version, cost and flat metrics."""
    rows: list[ArtifactRow] = [
        {
            "stage": m["stage"],
            "fingerprint": m["fingerprint"],
            "version": m["version"],
            "cpu_s": m["cost"]["cpu_s"],
            "metrics": _flat(m.get("metrics", {})),
        }
        for m in manifests
    ]
    return sorted(rows, key=lambda row: (_position(row["stage"]), row["fingerprint"]))


def _protocols(study: Study) -> list[ProtocolRow]:
    """One row per task and domain: trials of several protocols never come to a report."""
    table = study.table
    if "protocol" not in table.column_names:
        return []
    names = ["task", "domain", "protocol"]
    rows = table.group_by(names).aggregate([([], "count_all")]).sort_by([(name, "ascending") for name in names])
    return [
        {"task": row["task"], "domain": row["domain"], "protocol": row["protocol"] or None, "trials": row["count_all"]}
        for row in rows.to_pylist()
    ]


def _real_data(manifests: Sequence[Manifest]) -> RealData:
    """Episodes at real places, or their hidden stand-ins, that no trials are."""
    found = [m.get("metrics", {}) for m in manifests]
    brought = [m["metrics"]["episodes"] for m in manifests if "recorded_fps" in m.get("metrics", {})]
    return {
        "episodes": sum(metrics.get("real_episodes", 0) for metrics in found),
        "teleoperated": sum(metrics.get("teleoperated_episodes", 0) for metrics in found),
        "brought": sum(brought),
    }


def _flat(metrics: Mapping[str, Any], most: int = 8) -> dict[str, str | float]:
    """The first scalar metrics; nested ones get dotted names."""
    found: dict[str, str | float] = {}
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            found |= {f"{name}.{inner}": v for inner, v in value.items() if isinstance(v, int | float | str)}
        elif isinstance(value, int | float | str):
            found[name] = value
    return dict(list(found.items())[:most])


def _commands(study: str) -> list[str]:
    """What to type in a checkout to make this report again."""
    if study == "study":
        return ["simkiln check", "snakemake --cores all", "simkiln report"]
    return [f"simkiln check --study {study}", f"simkiln run {study}", f"simkiln report {study}"]


def _position(stage: str) -> tuple[int, str]:
    return (next((i for i, name in enumerate(ORDER) if name == stage), len(ORDER)), stage)


def stage_rows(said: Report) -> Rows:
    """One row per stage."""
    return [
        {**row, "versions": " ".join(map(str, row["versions"])), "backends": ", ".join(row["backends"])}
        for row in said["provenance"]["stages"]
    ]


def artifact_rows(said: Report) -> Rows:
    """One row per artifact, each metric a column."""
    names = "stage fingerprint version cpu_s"
    return [{**columns(row, names), **row["metrics"]} for row in said["provenance"]["artifacts"]]


def protocol_rows(said: Report) -> Rows:
    """One row per task and domain."""
    return [columns(row, "task domain protocol trials") for row in said["provenance"]["protocols"]]
